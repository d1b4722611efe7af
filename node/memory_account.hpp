// What a shard holds in memory, and the limit of all of it (three quarters of `limits.memory`): what clients wrote, the
// log suffixes, the session tables, requests that wait and what is about to be sent. Beyond the limit no write is taken
// that makes more; what comes from other nodes is taken always, for they refuse what is beyond theirs. What the
// transport holds is bounded by itself (docs/decisions/0026); but what waits for other nodes there, behind which their
// beacons wait, is of uncommitted writes, and is bounded here. Thread safety: none.
#pragma once

#include <cstdint>

#include "node/engine.hpp"
#include "node/outlets.hpp"
#include "node/shard_facts.hpp"
#include "node/slot.hpp"
#include "node/suffix_budget.hpp"

namespace ringkv {

// Bytes, roughly, as the allocator has them.
struct MemoryUse {
    std::uint64_t data = 0;
    std::uint64_t log = 0;
    std::uint64_t sessions = 0;
    std::uint64_t requests = 0;  // that wait: for leases, or for a view
    std::uint64_t to_send = 0;   // made in this turn

    [[nodiscard]] std::uint64_t sum() const { return data + log + sessions + requests + to_send; }
};

class MemoryAccount {
  public:
    // All by reference. A limit of 0 is none.
    MemoryAccount(const Engine& engine, const SuffixBudget& suffixes, const MessageOutlet& messages,
                  const Limits& limits)
        : engine_(engine), suffixes_(suffixes), messages_(messages), limits_(limits) {}

    [[nodiscard]] MemoryUse use() const {
        return {engine_.bytes(), suffixes_.held(), sessions_, requests_, messages_.bytes()};
    }
    [[nodiscard]] bool full() const { return limits_.memory != 0 && use().sum() >= limits_.memory; }

    // Of this shard's primaries; the log suffixes have them. An entry waits while the slot lives.
    [[nodiscard]] Slot uncommitted(std::uint64_t bytes) { return Slot(uncommitted_, bytes); }
    [[nodiscard]] std::uint64_t uncommitted() const { return uncommitted_; }
    // May a partition that has so much of it have no more? All may have half of what is kept of the logs, and one as
    // much as it leaves to the others: those that cannot commit do not keep out those that can.
    [[nodiscard]] bool too_much_uncommitted(std::uint64_t of_partition) const {
        return uncommitted_ + of_partition >= limits_.log / 2;
    }

    // Is it so much that beacons may wait behind it? A partition whose oldest write waits for long must have no more
    // then.
    [[nodiscard]] bool much_uncommitted() const { return uncommitted_ >= limits_.log / 4; }

    // Committed entries that the suffix of a partition keeps for learners alone.
    [[nodiscard]] Slot kept_for_learners(std::uint64_t bytes) { return Slot(for_learners_, bytes); }
    // Must writers of a partition that keeps so much wait, though it keeps less than its own share? All together may
    // keep what the logs keep in any case, for a node that comes back lacks that much, and as much again; and one as
    // much as all of them leave.
    [[nodiscard]] bool too_much_for_learners(std::uint64_t of_partition) const {
        return of_partition > 0 && for_learners_ + of_partition >= 2 * limits_.log;
    }

    // A request waits while the slot lives.
    [[nodiscard]] Slot request(std::uint64_t bytes) { return Slot(requests_, bytes); }
    // A session table took `before` bytes, and takes `now`.
    void sessions(std::uint64_t before, std::uint64_t now) { sessions_ += now - before; }

  private:
    const Engine& engine_;
    const SuffixBudget& suffixes_;
    const MessageOutlet& messages_;
    const Limits& limits_;
    std::uint64_t sessions_ = 0;
    std::uint64_t uncommitted_ = 0;
    std::uint64_t for_learners_ = 0;
    std::uint64_t requests_ = 0;
};

}  // namespace ringkv
