// What makes the calls of a history: a client in this process, or in one of its own, so that the links of some clients
// can be cut and those of others not (nemesis_links.hpp).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringkv/client.hpp"
#include "tests/linearizability/history.hpp"

namespace ringkv::testing {

class Caller {
  public:
    virtual ~Caller() = default;
    // Makes the call, which says kind, value and expected version, and notes what came of it. -> can it make another?
    [[nodiscard]] virtual bool perform(const std::string& key, linearizability::Call& call) = 0;
};

// null: the cluster does not answer within the deadline.
[[nodiscard]] std::unique_ptr<Caller> connect_here(const std::vector<std::string>& endpoints,
                                                   std::chrono::milliseconds deadline);
// The program nemesis_client, started with these words before it (setpriv, ...), by the thread that uses it; it ends
// with the object. null: it could not be started, or as above.
[[nodiscard]] std::unique_ptr<Caller> connect_elsewhere(const std::vector<std::string>& launcher,
                                                        const std::vector<std::string>& endpoints,
                                                        std::chrono::milliseconds deadline);

// Notes what came of a get.
void note_read(linearizability::Call& call, const Result<std::optional<VersionedValue>>& result);

// That program, between its standard input and output: a line for each call and each answer.
// -> its exit code: 0 at the end of its input; 1 the cluster does not answer, or the input is no call.
int answer_calls(const std::vector<std::string>& endpoints, std::chrono::milliseconds deadline);

}  // namespace ringkv::testing
