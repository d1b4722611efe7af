// Writes to one key are sent in the order in which they were submitted: each waits until the one
// before has its outcome. Writes to different keys do not wait for each other, nor do those that need no order. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace ringkv {

class WriteOrder {
  public:
    using Slot = std::uint32_t;

    // Joins the queue of the key with that hash: two keys with one hash wait for each other, which does no harm. True:
    // it is the first there, and may be sent. One that is not `ordered` begins no queue, and nothing waits for it:
    // where there is a queue, it waits until the ordered ones before it have left.
    bool enter(Slot slot, std::uint64_t hash, bool ordered = true);
    // Leaves the queue, from wherever it stands, if it stands there. -> the slots that may be sent now, and might not
    // before, are appended to `freed`.
    void leave(Slot slot, std::vector<Slot>& freed);

  private:
    static constexpr Slot none = std::numeric_limits<Slot>::max();

    struct Link {
        std::uint64_t hash = 0;
        Slot before = none;  // in the queue of its key
        Slot after = none;
        Slot next = none;  // where it is the last of its queue: the next such one in its bucket
        bool queued = false;
        bool ordered = false;
    };

    void grow(Slot slot);
    // Where the last slot of the hash's queue is named; where it would be, if there is none.
    [[nodiscard]] Slot& last_of(std::uint64_t hash);
    // -> the one behind it.
    Slot unlink(Slot slot);

    // A hash table whose nodes are the links: nothing is allocated for a write. The first of a queue is an ordered one,
    // and has been freed; no other has.
    std::vector<Slot> buckets_;  // the last slots of queues; a power of two, as many as links_
    std::vector<Link> links_;    // by slot
};

}  // namespace ringkv
