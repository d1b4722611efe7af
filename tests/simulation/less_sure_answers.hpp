// What is promised of answers that are less than linearizable: of writes that the primary alone acknowledged (P6), and
// of stale reads (P7). Of a run, in true time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/entry.hpp"
#include "common/time.hpp"

namespace ringkv::simulation {

// What a stale read brought.
struct StaleReading {
    std::string key;
    std::optional<std::string> value;  // none: absent
    OpNumber version;
    Time called;
    Duration age{};
    std::optional<Duration> max_age;  // that was asked for
};

class LessSureAnswers {
  public:
    // Each committed entry, when the first node applies it. `after_another_term`: since its own there was a term whose
    // primary may have served without it; it came back from the log of a node that had kept it.
    void committed(const Entry& entry, Time at, bool after_another_term);
    // A primary has told a client that this one is done, before it is committed. Values are unique.
    void answered_early(const Entry& entry, Time at);

    // Was it that very entry which was committed of which a client was told by then, and never missed? Not, if it was
    // lost: then the write may even be done later, by an attempt that came late, or come back.
    [[nodiscard]] bool kept(const std::string& value, Time told) const;
    // Why no replica may give that answer; empty: one may. `clocks_keep_their_bound`: else no age holds.
    [[nodiscard]] std::string objection(const StaleReading& reading, bool clocks_keep_their_bound) const;

  private:
    using Name = std::pair<OpNumber, ViewId>;
    struct Change {
        OpNumber op;
        std::optional<std::string> value;  // none: removed
        Time at;
    };
    struct Write {
        std::optional<std::pair<Name, Time>> committed;
        bool came_back = false;
        std::map<Name, Time> told;
    };

    std::map<std::string, std::vector<Change>> keys_;
    std::map<std::string, Write> writes_;  // by value
};

}  // namespace ringkv::simulation
