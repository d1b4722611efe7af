// How a primary brings other replicas up to its log: by StartView where their log can be joined to it (V3), else by a
// state transfer (M2). From then on they follow by Prepares.
#pragma once

#include <map>

#include "node/partition_log.hpp"
#include "node/replica_ports.hpp"
#include "node/term.hpp"

namespace ringkv {

// In one Prepare or StartView; the rest follows in Prepares.
inline constexpr std::size_t most_entries = 512;
inline constexpr std::size_t most_bytes = std::size_t{1} << 20U;

// How long an unanswered message is waited for before it is sent again (P5).
[[nodiscard]] inline Duration resend_after(const ShardFacts& shard) {
    return shard.lease().beacon * 2;
}

class CatchUp {
  public:
    CatchUp(Term& term, PartitionLog& log, const ReplicaPorts& ports) : term_(term), log_(log), ports_(ports) {}

    void send_start_view(Time now, NodeId node, Progress& progress);
    // -> does the peer replicate from now on?
    [[nodiscard]] bool start_view_ok(Time now, NodeId from, Progress& progress, const StartViewOk& message);

    // Begins the state transfer that the peer awaits, if there is room for it.
    void begin_transfer(Time now, NodeId node, Progress& progress);
    // Goes on with the one under way; abandons it if the peer is away, or does not answer.
    void continue_transfer(Time now, NodeId node, Progress& progress);
    // -> does the peer replicate from now on?
    [[nodiscard]] bool state_chunk_ok(Time now, NodeId from, Peer& peer, const StateChunkOk& message);

  private:
    [[nodiscard]] StateChunk next_chunk(StateTransfer& transfer);

    Term& term_;
    PartitionLog& log_;
    const ReplicaPorts& ports_;
    std::map<NodeId, std::uint64_t> replaced_tickets_;  // of the log that the newest state transfer to it replaces
};

}  // namespace ringkv
