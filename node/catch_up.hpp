// How a primary brings other replicas up to its log: by StartView where their log can be joined to it (V3), else by a
// state transfer (M2). From then on they follow by Prepares; a learner that takes entries does so while it is copied
// to, so that what is kept for it stays short, however long the copy takes (docs/decisions/0027).
//
// What the learner may apply meanwhile. A is the op up to which it has applied, C the op at which a chunk was read.
//     1. A key is *covered* when a chunk that was taken goes as far as it. Committed entries are applied in order:
//        those of covered keys to the engine, all to the sessions. Those of other keys pass the engine by.
//     2. A chunk is taken only if C >= A. So nothing that passed by is lost: the chunk that covers the key has it.
//     3. What a chunk brings is as of C, and the entries in (A, C] are applied over it again. The last of them that is
//        of a key says what the chunk says; so from C on, the key is what it is at the primary.
//     4. A chunk that was lost and comes again would break 2: entries went on. So it is read anew each time. It goes no
//        further than the one before, which the learner may have taken, and whose successor begins where the newest
//        ended: what is covered twice stays as the entries made it.
//     5. The last chunk tells C: from there on all is whole. Until then nothing is answered from it (M3).
#pragma once

#include <map>
#include <string>
#include <vector>

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
    // What the node has committed is not what we have.
    void contradicted(NodeId node, const std::string& how) const;
    [[nodiscard]] StateChunk read_chunk(StateTransfer& transfer);
    [[nodiscard]] std::vector<KeyRecord> read_keys(CopyPlace& place, const CopyPlace* limit);
    [[nodiscard]] std::vector<ViewStart> history_for(const StateTransfer& transfer) const;

    Term& term_;
    PartitionLog& log_;
    const ReplicaPorts& ports_;
    std::map<NodeId, std::uint64_t> replaced_tickets_;  // of the log that the newest state transfer to it replaces
};

}  // namespace ringkv
