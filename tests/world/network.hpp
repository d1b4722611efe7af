// What the network does to a message: an interface, so that a scripted one (scenarios) and a seeded
// one (the simulator) drive the same World.
#pragma once

#include <cstdint>
#include <vector>

#include "common/ids.hpp"
#include "common/messages.hpp"
#include "common/time.hpp"

namespace ringkv::simulation {

// A process with its place in the world; numbered from 1 in the order of World::add.
using HostId = StrongId<struct HostIdTag, std::uint32_t>;

// One message that is about to leave.
struct Flight {
    Time at;  // true time
    HostId from;
    HostId to;
    const Message& message;
};

struct Fate {
    enum class Kind : std::uint8_t {
        deliver,
        drop,
        hold,
        damage,  // it arrives as bytes that are no message
        refuse,  // it cannot leave, and its sender is told
    };

    Kind kind = Kind::deliver;
    Duration delay = std::chrono::milliseconds(1);
    // False: it may overtake what was sent on this link before it.
    bool in_order = true;
    // Delivered once more after each of these, in no order; to the receiver's next process too.
    std::vector<Duration> repeats;
};

class Network {
  public:
    virtual ~Network() = default;

    // Called once for every message and every receiver, in the order of sending.
    [[nodiscard]] virtual Fate fate(const Flight& flight) = 0;
};

}  // namespace ringkv::simulation
