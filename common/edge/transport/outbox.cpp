#include "common/edge/transport/outbox.hpp"

#include <functional>

namespace ringkv {

std::size_t Outbox::Hash::operator()(const Receiver& receiver) const {
    constexpr std::size_t spread = 0x9E3779B97F4A7C15U;
    std::size_t hash = std::hash<Source*>{}(receiver.by);
    hash = hash * spread + receiver.connection;
    return hash * spread + receiver.to.value();
}

void Outbox::start(const Identity& sender) {
    sender_ = sender;
    lanes_.clear();
    index_.clear();
    last_ = 0;
}

Lane& Outbox::lane(const Receiver& receiver) {
    // Answers to one client usually follow each other.
    if (last_ < lanes_.size() && lanes_[last_].receiver == receiver) return lanes_[last_];
    const auto [found, fresh] = index_.try_emplace(receiver, lanes_.size());
    if (fresh) lanes_.push_back({receiver, FrameWriter(sender_, receiver.to), 0});
    last_ = found->second;
    return lanes_[last_];
}

}  // namespace ringkv
