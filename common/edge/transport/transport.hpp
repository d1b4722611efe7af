// Messages over ZeroMQ: one ROUTER that listens (servers), one DEALER for each endpoint that is sent
// to, one PUB (the registry), SUBs. Owns its sockets and is used by one thread, but for wake().
//
// Every socket option is set on purpose (protocol.md, last paragraph). Nothing here blocks but poll(),
// and nothing is queued for a peer that is not there: a message that cannot go now is dropped, counted, and, if it was
// to go to an endpoint, named to the caller; the actors send again what matters. Only the first connection to an
// endpoint is waited for, 50 ms at most: it is made when the first message is sent.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/actor.hpp"
#include "common/edge/codec/codec.hpp"

namespace ringkv {

struct TransportOptions {
    std::optional<std::string> listen;                   // ROUTER, "tcp://host:port"
    std::optional<std::string> publish;                  // PUB
    CodecLimits limits;                                  // of a frame; also ZMQ_MAXMSGSIZE
    std::size_t coalesce_bytes = std::size_t{1} << 20U;  // a frame is closed when it is larger than this
    int high_water_mark = 1000;                          // frames queued for one peer
    std::size_t waiting_bytes = std::size_t{64} << 20U;  // of clients' frames that came and were not handed over yet
    std::size_t servers_bytes = std::size_t{64} << 20U;  // of servers'
    // The requests of a client's frame that waited longer than this for its turn are refused: what is behind it would
    // come later still.
    Duration longest_wait = std::chrono::milliseconds(250);
    // Of what ZeroMQ holds for one connection, and for all; a connection that has more is over its budget.
    std::size_t connection_bytes = std::size_t{16} << 20U;
    std::size_t connections_bytes = std::size_t{256} << 20U;
};

// What went one way between us and peers of one kind.
struct Traffic {
    std::uint64_t frames = 0;
    std::uint64_t messages = 0;  // that were read
    std::uint64_t bytes = 0;
};

enum class PeerKind : std::uint8_t {
    client,      // whatever names no node, at the other end of a connection to us
    server,      // another node, or the registry
    subscriber,  // all of them together: what is published leaves once here
};
inline constexpr std::size_t peer_kinds = 3;

struct TransportCounters {
    std::array<Traffic, peer_kinds> in{}, out{};  // by PeerKind
    std::uint64_t dropped = 0;                    // messages that could not be sent now
    std::uint64_t malformed = 0;                  // frames that were refused
    std::uint64_t unreadable = 0;                 // messages that only a newer release can read
    std::uint64_t overloaded = 0;                 // requests that were refused: too much waits, or is on its way
    std::uint64_t overflowed = 0;                 // frames that name a server and were dropped: too much of such waits
    std::uint64_t wake_ups = 0;                   // waits that something else than the time ended

    [[nodiscard]] Traffic& received(PeerKind kind) { return in[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] Traffic& sent(PeerKind kind) { return out[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] std::uint64_t frames_out() const { return out[0].frames + out[1].frames + out[2].frames; }
    [[nodiscard]] std::uint64_t messages_out() const { return out[0].messages + out[1].messages + out[2].messages; }
};

// What waits to be handed over to the actor.
struct Backlog {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;  // with what they take beside
};

class Transport {
  public:
    // Errors: configuration (endpoint malformed, or in use: says which, and what to do).
    static Result<std::unique_ptr<Transport>> open(const TransportOptions& options);
    ~Transport();
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    // Waits until something arrives, wake() is called, or the time is over.
    void poll(Duration timeout);
    // Thread-safe: ends the poll() under way, or the next one.
    void wake();

    using Handler = std::function<void(const Origin&, Message)>;
    // Asked after each message: true ends the receive(). What is left, of a frame that was begun too, is handed over
    // by the next one.
    using Enough = std::function<bool()>;
    // Told of messages that the handler will be given soon, in steps (common/look_ahead.hpp).
    using Ahead = std::function<void(const Message&, std::size_t step)>;
    // Takes in what the last poll() saw arriving, at most `frames` frames; then hands over what waits: servers' first
    // (other nodes, the registry), then clients', of which one message at least (common/edge/transport/inbox.hpp).
    // Malformed frames, and those of another major version, are answered with FrameRefused, counted, and logged (at
    // most one line a second), and nothing of them is handed over; so are messages that only a newer release can read,
    // each with its own refusal, while the others of their frame are handed over. What came as an answer, or was
    // published, is not answered. Requests of a client's connection that has too much waiting here, or too much to
    // read, are refused (`overloaded`), and what else it asks for is passed over. Returns how many frames were taken
    // in. The handler must not use the transport, but for counters().
    std::size_t receive(std::size_t frames, const Handler& handler, const Enough& enough = {}, const Ahead& ahead = {});
    // Something was taken in and not handed over yet, so the next turn should not wait.
    [[nodiscard]] bool waiting() const;
    // Bytes that ZeroMQ holds for connections, of all but small frames. Thread-safe.
    [[nodiscard]] std::size_t held_bytes() const;
    // Of clients, or of servers.
    [[nodiscard]] Backlog backlog(PeerKind kind) const;
    // One frame for each (address, to), messages in order. -> the indices of those to endpoints that could not leave:
    // there is no connection, or its queue is full, or they are larger than a frame may be. Seldom any.
    std::vector<std::size_t> send(const Identity& sender, std::span<const Outgoing> messages);
    // Follows a publisher, instead of the one before.
    void subscribe(const std::string& endpoint);
    // Closes DEALERs that have not been used for so long.
    void close_idle(Time now, Duration unused);

    [[nodiscard]] const TransportCounters& counters() const;

  private:
    class Impl;
    explicit Transport(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringkv
