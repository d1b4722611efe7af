#include "client/write_order.hpp"

#include "common/partitioning.hpp"

namespace ringkv {

bool WriteOrder::enter(Slot slot, std::string_view key) {
    if (links_.size() <= slot) links_.resize(slot + 1);
    const std::uint64_t hash = hash_of(key);
    links_[slot] = Link{.key = hash, .before = {}, .after = {}};
    const auto [last, first] = last_.try_emplace(hash, slot);
    if (first) return true;
    links_[slot].before = last->second;
    links_[last->second].after = slot;
    last->second = slot;
    return false;
}

std::optional<WriteOrder::Slot> WriteOrder::leave(Slot slot) {
    const Link link = links_[slot];
    if (link.before) links_[*link.before].after = link.after;
    if (link.after) {
        links_[*link.after].before = link.before;
        return link.before ? std::nullopt : link.after;
    }
    if (link.before)
        last_[link.key] = *link.before;
    else
        last_.erase(link.key);
    return std::nullopt;
}

}  // namespace ringkv
