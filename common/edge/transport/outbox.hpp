// Coalescing: the messages of one turn, sorted into one frame for each receiver.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/edge/codec/codec.hpp"

namespace ringkv {

struct Source;

// Where a frame goes: a socket, and on a ROUTER which of its connections.
struct Receiver {
    Source* by = nullptr;
    std::uint64_t connection = 0;
    bool routed = false;
    NodeId to;  // the identity in the envelope
    friend bool operator==(const Receiver&, const Receiver&) = default;
};

// A frame under way to one receiver.
struct Lane {
    Receiver receiver;
    FrameWriter writer;
    std::size_t messages = 0;
    std::size_t closed = 0;  // messages of the frames before it, of this turn
};

// Messages of a lane that could not leave: the `first`, counted from 0, and those after it.
struct Unsent {
    Receiver receiver;
    std::size_t first = 0;
    std::size_t messages = 0;
};

class Outbox {
  public:
    // Everything handed out before is void.
    void start(const Identity& sender);
    // The lane of that receiver; the reference holds until the next call.
    [[nodiscard]] Lane& lane(const Receiver& receiver);
    // In the order in which they were first asked for.
    [[nodiscard]] std::span<Lane> lanes() { return {lanes_.data(), used_}; }

  private:
    struct Hash {
        std::size_t operator()(const Receiver& receiver) const;
    };

    Identity sender_;
    std::vector<Lane> lanes_;  // the first `used_` of this turn, the others to be used again
    std::size_t used_ = 0;
    absl::flat_hash_map<Receiver, std::size_t, Hash> index_;
    std::size_t last_ = 0;
};

}  // namespace ringkv
