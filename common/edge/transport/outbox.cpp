#include "common/edge/transport/outbox.hpp"

#include <functional>

namespace ringkv {

namespace {
constexpr std::size_t most_kept = 1024;  // lanes
}  // namespace

std::size_t Outbox::Hash::operator()(const Receiver& receiver) const {
    constexpr std::size_t spread = 0x9E3779B97F4A7C15U;
    std::size_t hash = std::hash<Source*>{}(receiver.by);
    hash = hash * spread + receiver.connection;
    return hash * spread + receiver.to.value();
}

void Outbox::start(const Identity& sender) {
    sender_ = sender;
    if (lanes_.size() > most_kept) lanes_.clear();
    used_ = 0;
    index_.clear();
    last_ = 0;
}

Lane& Outbox::lane(const Receiver& receiver) {
    // Answers to one client usually follow each other.
    if (last_ < used_ && lanes_[last_].receiver == receiver) return lanes_[last_];
    const auto [found, fresh] = index_.try_emplace(receiver, used_);
    last_ = found->second;
    if (!fresh) return lanes_[last_];
    ++used_;
    if (last_ == lanes_.size()) return lanes_.emplace_back(Lane{receiver, FrameWriter(sender_, receiver.to)});
    Lane& lane = lanes_[last_];
    lane.receiver = receiver;
    lane.writer.begin(sender_, receiver.to);
    lane.messages = lane.closed = 0;
    return lane;
}

}  // namespace ringkv
