// How old what a replica has applied may be (P7). The primary tells by its beacons how far the partition was committed,
// by whomever, at a time that both know: when the primary had the answer to an earlier beacon, which this node gave at
// a time of its own clock. So the age counts from when that answer was given: no delay of a message makes it too small,
// and no clock is compared with another. Pure; thread safety: none.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "common/ids.hpp"
#include "common/time.hpp"

namespace ringkv {

class Freshness {
  public:
    // All that any node had committed before our clock showed `at` is at or below `commit`. `applied`: the state here.
    void told(Time at, OpNumber commit, OpNumber applied) {
        settle(applied);
        if (known_ && at <= known_->at) return;
        if (applied >= commit)
            known_ = Point{at, commit};
        else if (!next_)  // the oldest of those that are not reached yet: a later one would never be, under load
            next_ = Point{at, commit};
    }

    // All that any node had committed before that is in the state here; none: that is not known.
    [[nodiscard]] std::optional<Time> as_of(OpNumber applied) {
        settle(applied);
        if (!known_ || applied < known_->commit) return std::nullopt;
        return known_->at;
    }

  private:
    struct Point {
        Time at{};
        OpNumber commit;
    };

    void settle(OpNumber applied) {
        if (next_ && applied >= next_->commit) known_ = *std::exchange(next_, std::nullopt);
    }

    std::optional<Point> known_;  // reached; after a copy was deleted perhaps not any more
    std::optional<Point> next_;   // later than known_
};

// What passed by this clock, as an upper bound of what truly did: a clock is wrong by a fifth at most (L3), and a
// part of a millisecond counts as one.
[[nodiscard]] inline Duration true_at_most(Duration elapsed) {
    using std::chrono::milliseconds;
    return std::chrono::ceil<milliseconds>(std::max(elapsed, Duration::zero()) * 5 / 4);
}

}  // namespace ringkv
