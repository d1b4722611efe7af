// What a primary knows of one other replica of its partition: how far it has the log, whether its
// lease is held, and how it is being brought up if it is behind.
#pragma once

#include <optional>

#include "node/partition_log.hpp"

namespace ringkv {

// A full copy on its way to a learner (M2): the engine is scanned in key order, a chunk at a time, while
// entries go on being applied; those above `start` are forwarded as Prepares.
struct StateTransfer {
    std::uint64_t id = 0;
    OpNumber start;
    ViewId start_view;
    std::uint32_t next = 0;            // index of the chunk under way, or of the next one
    std::optional<StateChunk> chunk;   // under way: sent again until it is answered
    std::optional<std::string> after;  // the scan goes on behind this key
    bool last_sent = false;
    Time sent_at{};
    Time progress_at{};  // the newest answer, or when there was nothing to wait for
};

struct Peer {
    // The log.
    ViewId valid_from;         // what it said of its log in an earlier view is void
    bool started = false;      // has taken over this term's log (StartViewOk): Prepares may follow
    OpNumber base;             // StartView's entries begin above it
    OpNumber acked;            // persisted there
    OpNumber reached;          // the highest that was ever sent; `sent` goes back when it is sent again
    OpNumber sent;             // sent, up to here
    OpNumber commit;           // the newest commit point that it said it knows
    bool told_view = false;    // knows the current view, as far as we know
    Time sent_at{};            // the newest StartView, or Prepare with something to acknowledge
    Time told_at{};            // the newest Prepare at all: it tells the commit point
    Time progress_at{};        // the newest PrepareOk that moved acked, or when there was nothing to wait for
    bool needs_copy = false;   // its log cannot be joined to ours
    std::uint64_t ticket = 0;  // of that log, as it was when it said so
    std::optional<StateTransfer> copy;

    // The lease (L2) and the newest confirmation (L5): both are send times of ours, the lease's plus its duration.
    Time lease_until{};
    Time confirmed{};
    Time heard_at{};  // the newest answered beacon; at first, when we began to wait for one

    [[nodiscard]] bool waiting() const { return !started || acked < reached; }
};

}  // namespace ringkv
