// Time as the actors see it: an argument. A Time is nanoseconds of the machine's boot-time clock
// (suspend counts, never wall time; protocol.md, L5), or of virtual time in the simulator. Times of
// two machines are never compared.
#pragma once

#include <chrono>

namespace ringkv {

using Duration = std::chrono::nanoseconds;

// A tag without now(): only common/edge/system/clock.hpp can read the real one.
struct BootClock {
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<BootClock, Duration>;
};

using Time = BootClock::time_point;

}  // namespace ringkv
