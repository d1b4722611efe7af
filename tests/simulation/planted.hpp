// Which planted bug is on, in the simulator's build of our sources (plant.py). No other build has this.
#pragma once

#include <stdexcept>
#include <string>

namespace ringkv {

// 0 = none. Set before any thread starts.
extern int planted_bug;
[[nodiscard]] inline bool planted(int bug) {
    return planted_bug == bug;
}

// RINGKV_CHECK failed.
class BrokenInvariant : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

}  // namespace ringkv
