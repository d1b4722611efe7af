// A replica in the role of primary, for one term: the views in which this process start has been the
// primary without a break (View::since). Made when the first of them is learned, dropped when another
// node's view is.
//
//     waiting  -- our promises to earlier primaries run out (L6) -->  starting
//     starting -- every member has taken over our log (V3)       -->  serving
//     serving  -- we want another primary (V7)                   -->  transferring_leadership
//
// Requests that come before or after `serving` wait until we serve, or until another view tells where to
// send them.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "node/peer.hpp"

namespace ringkv {

struct Request {
    Time arrived{};
    Address from;
    std::variant<Write, Get, Scan> what;

    [[nodiscard]] RequestId id() const {
        return std::visit([](const auto& request) { return request.request; }, what);
    }
};

class Primary {
  public:
    enum class Phase : std::uint8_t { waiting, starting, serving, transferring_leadership };

    // `promised_until`: our promises to earlier primaries. `view_batch`: the batch with the view's record.
    Primary(Time now, PartitionState state, BatchNumber view_batch, Time promised_until, PartitionLog& log,
            ReplicaContext& context);

    // Another view of the same term, or another target.
    void state_changed(Time now, PartitionState state, BatchNumber view_batch);

    void request(Request request);
    void prepare_ok(Time now, NodeId from, const PrepareOk& message);
    void start_view_ok(Time now, NodeId from, const StartViewOk& message);
    void state_chunk_ok(Time now, NodeId from, const StateChunkOk& message);
    // `from` answered our beacon that left at `sent`, and grants its lease.
    void lease_granted(Time now, NodeId from, Time sent);
    // `node` does not know the present view yet: it is told again.
    void lags(NodeId node);

    void tick(Time now);
    // End of a turn: send what is new.
    void flush(Time now);
    void durable(Time now);
    // The term is over: everybody who waits is told so.
    void release(const View& newer);

    [[nodiscard]] Phase phase() const { return phase_; }
    // Would a read that arrived now be answered from the leases we hold (L4)? For checks of what must hold.
    [[nodiscard]] bool reads_now(Time now) const { return phase_ == Phase::serving && leases_held(now, now); }
    [[nodiscard]] const View& view() const { return state_.view; }
    // Whom to ask for leases: members, those proposed, and learners that are close.
    [[nodiscard]] std::vector<NodeId> lease_peers() const;

  private:
    struct Waiter {
        Address from;
        RequestId request;
    };
    // An uncommitted op's waiters; op = commit + 1 + index.
    struct Uncommitted {
        std::vector<Waiter> waiters;
    };
    // What the uncommitted suffix will make of a key (P4).
    struct Pending {
        OpNumber op;
        bool present = false;
    };

    // primary.cpp: the term
    void add_peers(Time now);
    void start(Time now);
    void try_commit(Time now);
    void try_serve(Time now);
    void applied(Time now, const Entry& entry);
    [[nodiscard]] std::vector<NodeId> required() const;  // whose PrepareOk and lease we need (V6), without us
    // A member, or proposed as one: its log is never replaced by a copy.
    [[nodiscard]] bool counts(NodeId node) const { return state_.view.has(node) || proposed_.contains(node); }
    [[nodiscard]] bool lease_held(Time now, Time arrived, NodeId node) const;
    [[nodiscard]] bool leases_held(Time now, Time arrived) const;

    // primary_requests.cpp: clients
    void serve(Time now, const Request& request);
    void write(Time now, const Address& from, const Write& write);
    [[nodiscard]] bool acceptable(const Address& from, const Write& write);
    // Why it cannot be a key, or empty.
    [[nodiscard]] std::string key_objection(const std::string& key) const;
    [[nodiscard]] Entry decide(const Write& write) const;
    [[nodiscard]] OpNumber version_of(const std::string& key) const;  // 0 = absent; the suffix counts
    void append(Entry entry);
    void read(Time now, Request request);
    void answer_read(const Request& request);
    void serve_reads(Time now);
    void ask_for_leases(Time now);
    void hold(Request request);
    void serve_held(Time now);
    void forget_old_requests(Time now);
    void expire_sessions(Time now);

    // primary_peers.cpp: replication and catch-up
    void send_start_view(Time now, NodeId node, Peer& peer);
    void send_prepares(Time now, NodeId node, Peer& peer);
    void tick_peer(Time now, NodeId node, Peer& peer);
    void begin_transfer(Time now, NodeId node, Peer& peer);
    void send_chunk(Time now, NodeId node, Peer& peer);
    void end_transfer(Peer& peer);
    // What the peer said of its log in that view.
    [[nodiscard]] bool valid(const Peer& peer, ViewId said_in) const;
    void ask_again(Peer& peer);
    void want_lease(Time now, NodeId node, const Peer& peer);

    // primary_members.cpp: who should be a member, and hand-over
    // -> was other membership proposed?
    bool tick_members(Time now);
    [[nodiscard]] bool silent(Time now, const Peer& peer) const;
    [[nodiscard]] bool caught_up(Time now, NodeId node, const Peer& peer) const;
    [[nodiscard]] std::vector<NodeId> wanted_members(Time now, bool& renew) const;
    [[nodiscard]] std::vector<NodeId> by_preference(const std::vector<NodeId>& nodes) const;
    void tick_leadership_transfer(Time now);
    void propose(View view);

    PartitionState state_;
    PartitionLog& log_;
    ReplicaContext& context_;
    Phase phase_ = Phase::waiting;
    BatchNumber view_batch_;
    Time promised_until_;
    Time phase_at_;

    std::map<NodeId, Peer> peers_;
    std::map<NodeId, std::uint64_t> copied_tickets_;  // of the log that our newest copy to it replaces
    std::set<NodeId> proposed_;  // proposed as members on the current view: required until a higher one is learned (V6)
    NodeId successor_;           // handing over to

    std::deque<Uncommitted> uncommitted_;
    absl::flat_hash_map<std::string, Pending> pending_;
    absl::flat_hash_map<std::pair<ClientId, Sequence>, OpNumber> in_progress_;
    std::deque<Request> held_;   // until we serve
    std::deque<Request> reads_;  // until the leases are there
    Time expiry_at_{};
    Time members_at_{};
};

}  // namespace ringkv
