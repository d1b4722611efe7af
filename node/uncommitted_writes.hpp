// What a primary knows of each op above the commit point: which requests wait for it, of which client's write it is
// (C1), and what it will make of its key (P4). There are seldom more than a few, which are looked through; where a
// partition has many, an index finds them.
//
// Thread safety: none.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "common/actor.hpp"
#include "common/fifo.hpp"
#include "common/look_ahead.hpp"
#include "node/slot.hpp"

namespace ringkv {

class UncommittedWrites {
  public:
    struct Waiter {
        Address from;
        RequestId request;
        Ack ack = Ack::all;
        Time began{};  // in the transport
    };
    using Waiters = absl::InlinedVector<Waiter, 1>;
    struct Op {
        Slot request;
        Slot bytes;
        EntryPtr entry;
        Time appended{};
        Waiters waiters{};
        // Of P6. To be answered as soon as it may be; and answered: so it is to be seen by each later read of its key.
        bool awaits_early_answer = false;
        bool answered_early = false;
    };
    // What an op will make of its key.
    struct Pending {
        OpNumber op;
        bool present = false;
    };

    // The next op. The slots are held until it is committed.
    void push(Time now, Slot request, Slot bytes, EntryPtr entry);
    // The first op is committed. Precondition: not empty.
    void pop();
    void clear();

    [[nodiscard]] bool empty() const { return ops_.empty(); }
    [[nodiscard]] std::size_t size() const { return ops_.size(); }
    // Precondition: not empty.
    [[nodiscard]] Op& front() { return ops_.front(); }
    [[nodiscard]] Op& back() { return ops_.back(); }
    // In order.
    [[nodiscard]] const Op* begin() const { return ops_.begin(); }
    [[nodiscard]] const Op* end() const { return ops_.end(); }

    // The op of that write, or null. The pointer holds until the next push().
    [[nodiscard]] Op* find(ClientId client, Sequence sequence);
    // That op, or null: it is committed. The pointer holds as that of find().
    [[nodiscard]] Op* find(OpNumber op);
    // Its client was told that it is done.
    void answered_early(Op& op);
    // The newest of those that were; none: there is none.
    [[nodiscard]] OpNumber newest_answered_early() const { return early_ == 0 ? OpNumber() : newest_early_; }
    [[nodiscard]] std::size_t answered_early() const { return early_; }
    // The newest op that changes the key; none: there is none.
    [[nodiscard]] std::optional<Pending> pending(std::string_view key) const;
    // Writes of that client.
    [[nodiscard]] std::size_t of(ClientId client) const;

    // The first op will be looked at soon.
    void expect() const {
        if (!empty()) prefetch(&ops_.front(), sizeof(Op));
    }

    // The index, if there is one, and the ops say the same.
    void check_invariants() const;

  private:
    static constexpr std::size_t most_looked_through = 16;

    struct Index {
        absl::flat_hash_map<std::pair<ClientId, Sequence>, OpNumber> writes;
        absl::flat_hash_map<ClientId, std::size_t> clients;
        absl::flat_hash_map<std::string_view, OpNumber> keys;  // of the entry of that op
    };

    [[nodiscard]] static bool changes_key(const Entry& entry);
    [[nodiscard]] const Op& at(OpNumber op) const;
    void add_to_index(const Entry& entry);
    void take_from_index(const Entry& entry);

    Fifo<Op> ops_;
    std::unique_ptr<Index> index_;
    std::size_t early_ = 0;  // ops that were answered early
    OpNumber newest_early_;
};

}  // namespace ringkv
