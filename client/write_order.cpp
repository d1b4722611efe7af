#include "client/write_order.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace ringkv {

void WriteOrder::grow(Slot slot) {
    const std::size_t size = std::bit_ceil(std::max<std::size_t>(slot + std::size_t{1}, 64));
    std::vector<Slot> lasts;
    for (Slot& bucket : buckets_)
        for (Slot at = std::exchange(bucket, none); at != none; at = links_[at].next) lasts.push_back(at);
    links_.resize(size);
    buckets_.resize(size, none);
    for (const Slot last : lasts) {
        links_[last].next = none;
        last_of(links_[last].hash) = last;
    }
}

WriteOrder::Slot& WriteOrder::last_of(std::uint64_t hash) {
    Slot* at = &buckets_[hash & (buckets_.size() - 1)];
    while (*at != none && links_[*at].hash != hash) at = &links_[*at].next;
    return *at;
}

bool WriteOrder::enter(Slot slot, std::uint64_t hash, bool ordered) {
    if (slot >= links_.size()) grow(slot);
    Slot& last = last_of(hash);
    if (last == none && !ordered) return true;
    links_[slot] = Link{.hash = hash, .before = last, .after = none, .next = none, .queued = true, .ordered = ordered};
    if (last != none) {
        links_[slot].next = std::exchange(links_[last].next, none);
        links_[last].after = slot;
    }
    last = slot;
    return links_[slot].before == none;
}

WriteOrder::Slot WriteOrder::unlink(Slot slot) {
    links_[slot].queued = false;
    const Link link = links_[slot];
    if (link.before != none) links_[link.before].after = link.after;
    if (link.after != none) {
        links_[link.after].before = link.before;
        return link.after;
    }
    if (link.before != none) links_[link.before].next = link.next;
    last_of(link.hash) = link.before != none ? link.before : link.next;
    return none;
}

void WriteOrder::leave(Slot slot, std::vector<Slot>& freed) {
    if (!links_[slot].queued) return;
    const bool first = links_[slot].before == none;
    Slot next = unlink(slot);
    if (!first) return;
    while (next != none) {
        freed.push_back(next);
        if (links_[next].ordered) return;
        next = unlink(next);
    }
}

}  // namespace ringkv
