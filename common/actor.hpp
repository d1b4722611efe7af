// The one door of every program: registry, node shard and client are each an Actor.
//
// An actor is pure. It opens no socket, starts no thread, reads no clock and draws no randomness:
// time and seeds are arguments, and what it wants done to the world it says in its effects. Two
// drivers run the very same actors: EventLoop (common/edge/running/event_loop.hpp) on ZeroMQ and the real
// clock, and the in-memory World (tests/world/world.hpp) on virtual time.
//
// One turn of a driver, always in this order:
//
//     receive(...) for each of a bounded batch of messages; tick(now)
//     effects = take_effects()
//     store effects.batch (if any)          -> later, when it is durable: durable(now, number)
//     send effects.sends, coalesced by destination
//
// The sends of an effect may leave at once: an actor keeps back what depends on its own batch until
// durable() says that the batch is safe. Storage that is durable at once calls durable() in the same
// turn, and the driver takes effects again.
//
// Thread safety: none; one thread at a time.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/messages.hpp"
#include "common/records.hpp"
#include "common/time.hpp"

namespace ringkv {

// The text of an endpoint, "tcp://host:port". Copies share it: a copy is made for each message that goes there.
class Endpoint {
  public:
    Endpoint() = default;
    Endpoint(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}
    Endpoint(const char* text) : Endpoint(std::string(text)) {}

    [[nodiscard]] const std::string& text() const {
        static const std::string none;
        return text_ ? *text_ : none;
    }
    operator const std::string&() const { return text(); }
    // The very same text, not merely an equal one.
    [[nodiscard]] bool same(const Endpoint& other) const { return text_ == other.text_; }

    friend bool operator==(const Endpoint& left, const Endpoint& right) {
        return left.same(right) || left.text() == right.text();
    }
    friend auto operator<=>(const Endpoint& left, const Endpoint& right) { return left.text() <=> right.text(); }
    friend bool operator==(const Endpoint& left, const std::string& right) { return left.text() == right; }

  private:
    std::shared_ptr<const std::string> text_;  // null: ""
};

// Where a message goes to, or came from.
struct Address {
    enum class Kind : std::uint8_t {
        none,
        endpoint,     // a server's "tcp://host:port", reached through a DEALER
        connection,   // the sender of a request: the answer goes back the same way, or nowhere
        subscribers,  // all that subscribed to us
    };

    Kind kind = Kind::none;
    Endpoint endpoint;             // Kind::endpoint
    std::uint64_t connection = 0;  // Kind::connection; unique within one process, never used again for another

    static Address to(Endpoint endpoint) { return {Kind::endpoint, std::move(endpoint), 0}; }
    static Address back(std::uint64_t connection) { return {Kind::connection, {}, connection}; }
    static Address all_subscribers() { return {Kind::subscribers, {}, 0}; }
    friend auto operator<=>(const Address&, const Address&) = default;
};

// The sender of a message; from its envelope, and so no more than a claim.
struct Origin {
    Address address;  // where an answer goes. Of an answer, or a publication: the endpoint it came from
    Uuid cluster;     // none: the sender belongs to no cluster yet
    NodeId node;      // none: a client, or the registry
    StartNumber start;
    NodeId to;                // the identity it was meant for; none: any
    std::uint32_t minor = 0;  // of the protocol version that the sender speaks
    Time arrived{};           // in the transport, of a client's; none: it did not wait there
};

struct Outgoing {
    Address address;
    NodeId to;  // the identity it is meant for; another one that has the address by now will drop it
    Message message;
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

// One event for the operator. Fields: partition, view, epoch, node, ...
struct LogLine {
    LogLevel level = LogLevel::info;
    std::string text;
    std::vector<std::pair<std::string, std::string>> fields;
};

struct Effects {
    BatchNumber number;  // of the batch; grows by one with each batch that is not empty
    StorageBatch batch;
    std::vector<Outgoing> sends;  // keys and values in them stay until the actor is called again (keep_bytes)
    std::vector<LogLine> log;
    std::optional<std::string> subscribe;  // to this PUB endpoint from now on

    [[nodiscard]] bool empty() const { return batch.empty() && sends.empty() && log.empty() && !subscribe; }
};

// What the driver writes into each envelope that this actor sends.
struct Identity {
    Uuid cluster;
    NodeId node;
    StartNumber start;
};

class Actor {
  public:
    virtual ~Actor() = default;

    // Keys and values in it may be a part of the frame that it came in: they stay until the call ends.
    virtual void receive(Time now, const Origin& from, Message message) = 0;
    // That message will most likely be received soon: memory that this needs may be asked for. Called before receive()
    // for each step below look_ahead_steps, or for none, with others received between two steps
    // (common/look_ahead.hpp).
    static constexpr std::size_t look_ahead_steps = 4;
    virtual void expect(const Message&, std::size_t) const {}
    // At least every 10 ms or so, and once in every turn after the messages.
    virtual void tick(Time now) = 0;
    // Every batch up to and including this number is stored as durably as configured.
    virtual void durable(Time now, BatchNumber number) = 0;
    // One of the sends to an endpoint that the driver was given could not leave, and was dropped: no process has it,
    // nor ever will.
    virtual void unsent(Time, const Outgoing&) {}
    [[nodiscard]] virtual Effects take_effects() = 0;
    // Bytes of what take_effects() would send, roughly: a driver feeds no more in a turn when they are many.
    [[nodiscard]] virtual std::size_t bytes_to_send() const { return 0; }
    [[nodiscard]] virtual Identity identity() const = 0;
    // The actor has nothing left to do, ever: it was asked to stop and has.
    [[nodiscard]] virtual bool finished() const { return false; }
};

// Where batches go. The registry's is a database, a shard's is its log.
class Storage {
  public:
    virtual ~Storage() = default;

    // Takes the batch; may return before it is durable. An error `unavailable`: there was no room, nothing of the batch
    // is stored or moved, and the same one may be given again. Any other is final: the process must stop (D3).
    [[nodiscard]] virtual Result<void> commit(BatchNumber number, StorageBatch&& batch) = 0;
    // The newest batch that is durable as configured. An error is final, as that of commit().
    [[nodiscard]] virtual Result<BatchNumber> durable() const = 0;
};

}  // namespace ringkv
