// The deterministic in-memory driver: hosts on virtual time, one actor each, over a network that an
// interface decides about. The actors are the real ones, and every frame goes through the real codec.
//
// A host takes its turns as every driver does (common/turn.hpp).
//
// The same calls give the same story to the byte: no clock, no randomness, no unordered iteration.
// Three times are told apart: true time (World::now), and each host's own boot-time clock, which has
// an offset of its own and may run fast or slow; actors see only the latter.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "common/protocol_version.hpp"
#include "common/turn.hpp"
#include "tests/world/disk.hpp"
#include "tests/world/network.hpp"

namespace ringkv::simulation {

// What a process finds when it starts.
struct Boot {
    Time now;           // the host's own clock
    StartNumber start;  // the how manieth process on this host, from 1
    Disk& disk;
};

struct HostOptions {
    std::string name;
    std::optional<std::string> listen;   // servers: "tcp://host:port"
    std::optional<std::string> publish;  // the registry's PUB endpoint
    // Makes the actor of a process. Called by start() and restart().
    std::function<std::unique_ptr<Actor>(const Boot&)> boot;
    // The minor version of the protocol that it speaks: as an older release, it is sent nothing that it would not know,
    // and sends nothing of that kind.
    std::uint32_t minor = protocol_minor;
};

enum class HostState : std::uint8_t { down, running, paused };

struct TraceEvent {
    enum class Kind : std::uint8_t { sent, delivered, lost, held, refused, logged };

    Kind kind = Kind::sent;
    Time at;  // true time
    HostId from;
    HostId to;                         // none: no host has that address
    const Message* message = nullptr;  // not with refused and logged
    const LogLine* line = nullptr;     // logged
    std::string text;                  // lost, refused: why
};

class World {
  public:
    // The network is asked about every message; it must outlive the world.
    explicit World(Network& network, Duration tick = std::chrono::milliseconds(5));
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // A host that is down. Names are for people, and need not be unique.
    HostId add(HostOptions options);
    [[nodiscard]] const std::string& name(HostId host) const { return at(host).options.name; }
    [[nodiscard]] HostState state(HostId host) const { return at(host).state; }
    // Which process on the host it is, or was the last one.
    [[nodiscard]] StartNumber life(HostId host) const { return StartNumber(at(host).life); }
    [[nodiscard]] Disk& disk(HostId host) { return *at(host).disk; }
    [[nodiscard]] const Disk& disk(HostId host) const { return *at(host).disk; }
    // Of a host that is not down.
    [[nodiscard]] Actor& actor(HostId host);
    [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }

    // Precondition of start: the host is down.
    void start(HostId host);
    // SIGKILL: nothing more is sent, what is under way to it is lost; the disk keeps what was written.
    void crash(HostId host);
    // Power loss: as crash(), and the disk loses what was not durable, but for the first `spared` batches of it.
    void lose_power(HostId host, std::size_t spared = 0);
    // SIGSTOP, SIGCONT: what arrives meanwhile waits.
    void pause(HostId host);
    void resume(HostId host);
    // How fast its clock runs from now on; 1.0 = right.
    void set_clock_rate(HostId host, double rate);
    [[nodiscard]] Time local_time(HostId host) const;
    // Its committed batches (up to that one) are durable, and it is told so.
    void sync(HostId host);
    void sync(HostId host, BatchNumber up_to);

    [[nodiscard]] Time now() const { return now_; }
    [[nodiscard]] Duration elapsed() const { return now_ - Time{}; }
    // The next event, if it comes before or at `until`.
    bool step(Time until);
    void advance(Duration duration);
    // Advances until it is true, looking after each event. False: it never was, and `limit` has passed.
    bool advance_until(const std::function<bool()>& condition, Duration limit);

    // Messages on their way, and all else that will happen.
    [[nodiscard]] std::size_t under_way() const { return events_.size(); }

    // An input from outside the network (a user's call, a signal), and the turn that follows it.
    // Precondition: the host is running.
    void input(HostId host, const std::function<void(Actor&, Time)>& call);
    // Bytes that no actor of ours made, to the host that listens there.
    void send_raw(HostId from, const std::string& endpoint, const std::string& frame);

    // Lets held messages that the filter chooses go, in the order in which they were sent. -> how many.
    std::size_t release(const std::function<bool(const Flight&)>& chosen,
                        Duration delay = std::chrono::milliseconds(1));
    [[nodiscard]] std::size_t held() const { return held_.size(); }

    void on_trace(std::function<void(const TraceEvent&)> hook) { trace_ = std::move(hook); }
    // After every turn of every host: for checks of what must always hold.
    void on_turn(std::function<void(HostId)> hook) { after_turn_ = std::move(hook); }
    // Before a batch is stored, after it, and after each frame that is sent. True: the process crashes there.
    void on_point(std::function<bool(HostId)> hook) { dies_ = std::move(hook); }
    // What becomes of each frame that a host sends: as another build of it would have written it, say.
    void on_frame(std::function<std::string(HostId from, std::string frame)> hook) { rewrite_ = std::move(hook); }
    // Of every frame that was sent so far: from where, to where, when it arrives, its bytes.
    [[nodiscard]] std::uint64_t digest() const { return digest_; }

  private:
    enum class Way : std::uint8_t { request, answer, publication };

    struct Packet {
        Way way = Way::request;
        HostId from;
        std::uint64_t from_life = 0;
        HostId to;
        std::uint64_t to_life = 0;  // 0 = any process there
        bool stray = false;         // a repeat: it outlives the connection
        std::string frame;
    };
    struct Held {
        Time at;
        Packet packet;
        Message message;
    };
    struct Peer {
        HostId host;
        std::uint64_t life = 0;
        friend auto operator<=>(const Peer&, const Peer&) = default;
    };
    struct Host {
        HostOptions options;
        std::unique_ptr<Disk> disk;
        std::unique_ptr<Actor> actor;
        HostState state = HostState::down;
        std::uint64_t life = 0;  // grows with each process
        std::vector<Packet> inbox;
        bool turn_due = false;
        BatchNumber told_durable;
        std::optional<std::string> subscription;
        // Connections of this process, numbered from 1.
        std::map<Peer, std::uint64_t> connections;
        std::vector<Peer> peers;
        // The clock: local = clock_base + (true - clock_since) * rate.
        Time clock_base;
        Time clock_since;
        double clock_rate = 1.0;
    };
    struct Event {
        Time at;
        std::uint64_t number = 0;  // events of one instant happen in the order of their making
        enum class Kind : std::uint8_t { arrival, tick, turn } kind = Kind::tick;
        HostId host;
        std::uint64_t life = 0;
        std::size_t packet = 0;  // in packets_
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const {
            return std::pair(a.at, a.number) > std::pair(b.at, b.number);
        }
    };

    [[nodiscard]] Host& at(HostId host);
    [[nodiscard]] const Host& at(HostId host) const;
    void schedule(Event event);
    void schedule_turn(HostId host);
    void happen(const Event& event);

    void arrive(Packet packet);
    class HostDriver;

    void turn(HostId host);
    [[nodiscard]] Result<void> store(HostId host, BatchNumber number, StorageBatch batch);
    [[nodiscard]] bool dies_here(HostId host);
    // False: the process ended on the way, when it answered something.
    [[nodiscard]] bool receive_all(HostId host);
    void receive(HostId host, Packet packet);
    [[nodiscard]] Address return_address(Host& receiver, const Packet& packet) const;
    void refuse(HostId host, const Packet& packet, const Error& error);

    // False: the sender's process ended on the way. `unsent`, if it is there, gets what the network refused to take.
    bool send(HostId from, const Identity& sender, const std::vector<Outgoing>& messages,
              std::vector<Outgoing>* unsent);
    [[nodiscard]] std::vector<Packet> routes(HostId from, const Address& address) const;
    void send_along(const Packet& route, const Identity& sender, const std::vector<const Outgoing*>& messages,
                    std::vector<Outgoing>* unsent);
    void dispatch(Packet packet, Duration delay, bool in_order);
    void end_process(HostId host);
    void trace(const TraceEvent& event) const;
    void trace_message(TraceEvent::Kind kind, HostId from, HostId to, const Message& message,
                       std::string why = {}) const;

    Network& network_;
    Duration tick_;
    Time now_;
    std::deque<Host> hosts_;                   // references to hosts stay valid
    std::map<std::string, HostId> listeners_;  // endpoint -> the host that listens there, or last did
    std::priority_queue<Event, std::vector<Event>, Later> events_;
    std::uint64_t next_event_ = 0;
    std::map<std::size_t, Packet> packets_;  // under way
    std::size_t next_packet_ = 0;
    std::map<std::pair<HostId, HostId>, Time> last_arrival_;
    std::vector<Held> held_;
    std::function<void(const TraceEvent&)> trace_;
    std::function<void(HostId)> after_turn_;
    std::function<bool(HostId)> dies_;
    std::function<std::string(HostId, std::string)> rewrite_;
    std::uint64_t digest_ = 0;
};

}  // namespace ringkv::simulation
