// Which nodes have been heard from lately. A connection that is still being made drops what is sent
// over it, and so does one to a dead process: an operation is sent only to an endpoint that has answered,
// and until then a cheap question (MapRequest) goes there again and again. So a write that no node can
// have received ends as "not applied" and not as "outcome unknown". Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/time.hpp"

namespace ringkv {

class Contacts {
  public:
    struct Knock {
        std::string endpoint;
        unsigned count = 0;  // how many before it without an answer
    };

    [[nodiscard]] bool reached(const std::string& endpoint) const { return heard_.contains(endpoint); }
    // Something came from there. True: for the first time, or again after a loss.
    bool heard(Time now, const std::string& endpoint);
    // An attempt that was sent there at `sent` had no answer in time: a loss, if all was silent since.
    void silent_since(Time sent, const std::string& endpoint);
    // Knock there until then, or until it is heard.
    void reach(Time now, Time until, const std::string& endpoint);
    // Where to knock now.
    [[nodiscard]] std::vector<Knock> knocks(Time now);

  private:
    struct Reaching {
        Time next, until;
        Duration pause{};
        unsigned count = 0;
    };
    using Heard = std::map<std::string, Time>;  // when last

    Heard heard_;
    Heard::iterator latest_ = heard_.end();  // the endpoint heard last; mostly it is heard next as well
    std::map<std::string, Reaching> reaching_;
};

}  // namespace ringkv
