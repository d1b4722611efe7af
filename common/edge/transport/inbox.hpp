// Frames that were taken in and are not handed over yet, or not to their end.
//
// Clients' frames that are beyond their connection's share, or beyond what may wait of all, are refused at once: a
// frame at a time, for less than it costs to read it. So nothing of clients keeps a server's frame from being taken in.
// What servers send is bounded by themselves, and by what may wait of theirs: beyond that it is dropped, as if it had
// been lost, for a header may lie.
//
// Those of servers (other nodes, the registry, whatever answers us) come before those of clients. Of either kind they
// are handed over in the order in which they came, but that a connection whose frame was cut gives way, with all that
// it has here, to the others: so frames of one connection stay in order, and none of them holds up another's for more
// than a turn.
//
// Thread safety: none.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "common/edge/transport/refusals.hpp"
#include "common/edge/transport/zmq_message.hpp"

namespace ringkv {

struct WaitingFrame {
    MessagePart body;
    Origin origin;  // the address is set by the transport; the rest is read from the header
    FrameReader reader;
    Envelope envelope;     // the part that was read last,
    std::size_t next = 0;  // and the first of its messages that was not handed over
    bool begun = false;
    bool late = false;  // its requests are refused one by one, for there are other messages among them
};

class Inbox {
  public:
    // `answer`: sends a frame back by a connection. `over_budget`: has the connection too much to receive?
    struct Ways {
        std::function<void(std::uint64_t connection, std::string frame)> answer;
        std::function<bool(std::uint64_t connection)> over_budget;
    };
    // What messages are handed over to (transport.hpp).
    struct Taker {
        const Transport::Handler& handler;
        const Transport::Enough& enough;
        const Transport::Ahead& ahead;
    };
    // All but the ways by reference.
    Inbox(const TransportOptions& options, TransportCounters& counters, const Identity& self, Ways ways);

    // For the next frame to be taken in.
    [[nodiscard]] std::unique_ptr<WaitingFrame> blank();
    // One whose body and address are set. Its header is read, and refused if it cannot be.
    void add(std::unique_ptr<WaitingFrame> frame);
    // Bytes of clients' frames that add() refused since the last call.
    [[nodiscard]] std::size_t take_refused_bytes() { return std::exchange(refused_bytes_, 0); }
    [[nodiscard]] bool empty() const { return servers_.empty() && clients_.empty(); }
    [[nodiscard]] Backlog backlog(PeerKind kind) const {
        return kind == PeerKind::client ? Backlog{clients_.size(), bytes_} : Backlog{servers_.size(), servers_bytes_};
    }
    [[nodiscard]] Refusals& refusals() { return refusals_; }
    // Servers' frames until `enough` says so, then clients': of them one message at least.
    void hand_over(const Taker& taker);

  private:
    using Queue = std::deque<std::unique_ptr<WaitingFrame>>;

    void refuse(const WaitingFrame& frame, const Error& error);
    // The requests in what is left of it. False: there are other messages, which are to be handed over
    // (`spare_others`), so nothing was refused.
    bool refuse_requests(const WaitingFrame& frame, std::string_view why, bool spare_others);
    void refuse_requests(const WaitingFrame& frame, const std::vector<RequestId>& requests, std::string_view why);
    [[nodiscard]] bool refused(WaitingFrame& frame);
    void keep_blank(std::unique_ptr<WaitingFrame> frame);
    void hand_over(Queue& queue, const Taker& taker);
    [[nodiscard]] bool read_on(WaitingFrame& frame);
    [[nodiscard]] bool cut(WaitingFrame& frame, const Taker& taker);
    void done(Queue& queue);
    [[nodiscard]] bool hogs(const WaitingFrame& frame) const;

    const TransportOptions& options_;
    TransportCounters& counters_;
    const Identity& self_;
    const Ways ways_;
    Refusals refusals_;
    Queue servers_;
    Queue clients_;
    std::size_t servers_bytes_ = 0;  // of servers' frames, and what they take beside
    std::size_t refused_bytes_ = 0;
    std::size_t bytes_ = 0;                                          // of clients' frames, and what they take beside
    absl::flat_hash_map<std::uint64_t, std::size_t> by_connection_;  // the same
    std::vector<std::unique_ptr<WaitingFrame>> spare_;
};

}  // namespace ringkv
