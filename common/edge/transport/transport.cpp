#include "common/edge/transport/transport.hpp"

#include <cerrno>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/check.hpp"
#include "common/edge/system/clock.hpp"
#include "common/edge/transport/connections.hpp"
#include "common/edge/transport/first_connections.hpp"
#include "common/edge/transport/inbox.hpp"
#include "common/edge/transport/outbox.hpp"
#include "common/edge/transport/socket_poller.hpp"
#include "common/edge/transport/wake_signal.hpp"
#include "common/edge/transport/warning_limiter.hpp"
#include "common/edge/transport/zmq_message.hpp"
#include "common/edge/transport/zmq_socket.hpp"

namespace ringkv {
namespace {

// A socket gives way to the next one after so many frames, so that no peer holds up the others.
constexpr std::size_t frames_in_a_row = 16;
// What is refused while it is taken in takes time, too: of that, so much in a turn.
constexpr std::size_t most_refused_bytes = std::size_t{8} << 20U;

}  // namespace

class Transport::Impl {
  public:
    explicit Impl(const TransportOptions& options)
        : options_(options),
          context_(shared_zmq_context()),
          connecting_(options.limits.frame),
          connections_(router_, poller_, options_),
          inbox_(options_, counters_, identity_,
                 {[this](std::uint64_t connection, std::string frame) {
                      if (!connections_.send(connection, std::move(frame))) ++counters_.dropped;
                  },
                  [this](std::uint64_t connection) { return connections_.budget().over(connection); }}) {}

    [[nodiscard]] Result<void> open();
    void poll(Duration timeout);
    void wake() const { wake_.raise(); }
    std::size_t receive(std::size_t frames, const Inbox::Taker& taker);
    [[nodiscard]] bool waiting() const { return !inbox_.empty(); }
    [[nodiscard]] std::size_t held_bytes() const { return connections_.budget().held(); }
    [[nodiscard]] Backlog backlog(PeerKind kind) const { return inbox_.backlog(kind); }
    std::vector<std::size_t> send(const Identity& sender, std::span<const Outgoing> messages);
    void subscribe(const std::string& endpoint);
    void close_idle(Time now, Duration unused);
    [[nodiscard]] const TransportCounters& counters() const { return counters_; }

  private:
    struct Dealer : Source {
        Time last_active{};
    };
    enum class Taken : std::uint8_t { frame, nothing, interrupted };

    void flush_connecting();
    [[nodiscard]] std::size_t take_in(std::size_t frames);
    [[nodiscard]] Taken take(Source& source);
    [[nodiscard]] Taken nothing(Source& source);
    [[nodiscard]] std::optional<Receiver> receiver_of(const Outgoing& message);
    [[nodiscard]] Dealer* dealer_to(const Endpoint& endpoint);
    [[nodiscard]] Dealer* find_or_connect(const std::string& endpoint);
    void add(Lane& lane, const Message& message);
    void transmit(Lane& lane, std::string frame, std::size_t messages);
    void count_sent(PeerKind to, std::size_t bytes, std::size_t messages);
    [[nodiscard]] std::vector<std::size_t> unsent_of(std::span<const Outgoing> messages);

    const TransportOptions options_;
    std::shared_ptr<void> context_;  // before the sockets: they are closed first
    WakeSignal wake_;
    SocketPoller poller_;
    Source router_;
    Source publisher_;  // which nothing comes from
    Source subscriber_;
    std::map<std::string, Dealer, std::less<>> dealers_;
    // By the very text that was used before, which is kept: comparing texts would cost as much as a message.
    struct Known {
        Endpoint text;
        Dealer* dealer;
    };
    std::unordered_map<const std::string*, Known> known_;
    FirstConnections connecting_;

    Identity identity_;  // of the actor that sent last through this transport
    Outbox outbox_;
    std::vector<Unsent> unsent_;  // in this call of send()
    TransportCounters counters_;
    Connections connections_;
    Inbox inbox_;
    WarningLimiter too_large_;
    WarningLimiter bad_endpoints_;
};

Result<void> Transport::Impl::open() {
    const Error exhausted(ErrorCode::configuration, "cannot open another socket: raise the limit of open files");
    if (wake_.descriptor() < 0 || poller_.broken() || !poller_.add(wake_.descriptor())) return exhausted;
    if (options_.listen) {
        router_.socket = make_router(context_.get(), options_);
        router_.routed = true;
        if (!router_.socket) return exhausted;
        if (auto bound = listen_on(router_.socket.get(), *options_.listen); !bound) return bound;
        if (!poller_.add(router_)) return exhausted;
    }
    if (options_.publish) {
        publisher_.socket = make_publisher(context_.get(), options_);
        publisher_.kind = PeerKind::subscriber;
        if (!publisher_.socket) return exhausted;
        if (auto bound = listen_on(publisher_.socket.get(), *options_.publish); !bound) return bound;
    }
    return {};
}

void Transport::Impl::poll(Duration timeout) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::max(timeout, Duration::zero()));
    const SocketPoller::Woken woken = poller_.wait(wait);
    if (woken.waited) ++counters_.wake_ups;
    if (woken.descriptor) wake_.lower();
    if (!connecting_.none()) flush_connecting();
}

void Transport::Impl::flush_connecting() {
    for (auto& [endpoint, dealer] : dealers_)
        if (dealer.connecting) poller_.used(dealer);
    const bool fewer = connecting_.flush(
        boot_time(), [this](const auto& frame) { count_sent(PeerKind::server, frame.bytes.size(), frame.messages); },
        [this](const auto& frame) { counters_.dropped += frame.messages; });
    if (!fewer) return;
    for (auto& [endpoint, dealer] : dealers_) dealer.connecting = connecting_.awaits(dealer.socket.get());
}

std::size_t Transport::Impl::receive(std::size_t frames, const Inbox::Taker& taker) {
    const std::size_t taken = take_in(frames);
    inbox_.hand_over(taker);
    return taken;
}

std::size_t Transport::Impl::take_in(std::size_t frames) {
    std::size_t taken = 0;
    std::size_t refused = 0;
    while (Source* const source = poller_.ready()) {
        for (std::size_t row = 0; row < frames_in_a_row; ++row) {
            refused += inbox_.take_refused_bytes();
            if (taken == frames || refused >= most_refused_bytes) return taken;
            const Taken result = take(*source);
            if (result == Taken::interrupted) return taken;
            if (result == Taken::nothing) break;
            ++taken;
        }
        poller_.give_way(*source);
    }
    return taken;
}

Transport::Impl::Taken Transport::Impl::nothing(Source& source) {
    if (zmq_errno() != EAGAIN) return Taken::interrupted;
    poller_.drained(source);
    return Taken::nothing;
}

Transport::Impl::Taken Transport::Impl::take(Source& source) {
    void* const socket = source.socket.get();
    MessagePart id;
    if (source.routed && !id.receive(socket)) return nothing(source);
    if (source.routed && !id.more()) return Taken::frame;
    auto frame = inbox_.blank();
    MessagePart& body = frame->body;
    if (!body.receive(socket)) return nothing(source);
    if (body.bytes().empty() && body.more()) (void)body.receive(socket);  // the delimiter that REQ puts there
    source.active = true;

    std::optional<Error> wrong;
    frame->origin.address = source.from;
    if (source.routed) {
        const auto connection = connection_of(id.bytes());
        if (!connection) wrong = Error(ErrorCode::malformed, "a ZeroMQ routing id was set: leave it to the server");
        frame->origin.address = Address::back(connection.value_or(0));
    }
    if (body.more()) wrong = Error(ErrorCode::malformed, "not a message of ours: more than one frame");
    if (!wrong) {
        inbox_.add(std::move(frame));
        return Taken::frame;
    }
    MessagePart refusal(inbox_.refusals().of_frame(body.peer(), *wrong));
    if (source.routed && !connections_.send(id.bytes(), refusal)) ++counters_.dropped;
    while (body.more() && body.receive(socket)) {
    }
    return Taken::frame;
}

Transport::Impl::Dealer* Transport::Impl::dealer_to(const Endpoint& endpoint) {
    if (const auto found = known_.find(&endpoint.text()); found != known_.end()) return found->second.dealer;
    Dealer* const dealer = find_or_connect(endpoint);
    if (known_.size() > 2 * dealers_.size() + 64) known_.clear();  // texts that are used once each
    if (dealer != nullptr) known_.emplace(&endpoint.text(), Known{endpoint, dealer});
    return dealer;
}

Transport::Impl::Dealer* Transport::Impl::find_or_connect(const std::string& endpoint) {
    if (const auto found = dealers_.find(endpoint); found != dealers_.end()) return &found->second;
    Socket socket = make_dealer(context_.get(), options_);
    if (auto connected = connect_to(socket.get(), endpoint); !connected) {
        bad_endpoints_.warn("a peer cannot be connected to", endpoint, connected.error().message());
        return nullptr;
    }
    const auto at = dealers_.try_emplace(endpoint).first;
    Dealer& dealer = at->second;
    dealer.socket = std::move(socket);
    dealer.from = Address::to(endpoint);
    dealer.connecting = true;
    if (!poller_.add(dealer)) {
        bad_endpoints_.warn("a peer cannot be connected to", endpoint, "too many files are open");
        dealers_.erase(at);
        return nullptr;
    }
    connecting_.begin(dealer.socket.get(), boot_time());
    return &dealer;
}

std::optional<Receiver> Transport::Impl::receiver_of(const Outgoing& message) {
    switch (message.address.kind) {
        case Address::Kind::none: return {};
        case Address::Kind::connection:
            if (!router_.socket) return {};
            return Receiver{&router_, message.address.connection, true, message.to};
        case Address::Kind::subscribers:
            if (!publisher_.socket) return {};
            return Receiver{&publisher_, 0, false, message.to};
        case Address::Kind::endpoint: {
            Dealer* const dealer = dealer_to(message.address.endpoint);
            if (dealer == nullptr) return {};
            dealer->active = true;
            return Receiver{dealer, 0, false, message.to};
        }
    }
    return {};
}

std::vector<std::size_t> Transport::Impl::send(const Identity& sender, std::span<const Outgoing> messages) {
    if (messages.empty()) return {};
    unsent_.clear();
    bool unreachable = false;
    identity_ = sender;
    outbox_.start(sender);
    for (const Outgoing& message : messages) {
        if (const auto receiver = receiver_of(message)) {
            add(outbox_.lane(*receiver), message.message);
        } else {
            ++counters_.dropped;
            unreachable = true;
        }
    }
    for (Lane& lane : outbox_.lanes())
        if (lane.messages > 0) transmit(lane, lane.writer.take(), lane.messages);
    return unreachable || !unsent_.empty() ? unsent_of(messages) : std::vector<std::size_t>();
}

// Looks for them only now, when there are some: as lanes count their messages, in the order of sending.
std::vector<std::size_t> Transport::Impl::unsent_of(std::span<const Outgoing> messages) {
    std::vector<std::size_t> indices;
    std::vector<std::size_t> passed(unsent_.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (messages[i].address.kind != Address::Kind::endpoint) continue;
        const auto receiver = receiver_of(messages[i]);
        bool lost = !receiver;
        for (std::size_t j = 0; receiver && j < unsent_.size(); ++j) {
            if (!(unsent_[j].receiver == *receiver)) continue;
            const std::size_t place = passed[j]++;
            lost = lost || (place >= unsent_[j].first && place - unsent_[j].first < unsent_[j].messages);
        }
        if (lost) indices.push_back(i);
    }
    return indices;
}

void Transport::Impl::add(Lane& lane, const Message& message) {
    const std::size_t before = lane.writer.size();
    lane.writer.add(message);
    ++lane.messages;
    if (lane.writer.size() > options_.limits.frame && lane.messages > 1) {
        // Together they are more than the receiver would take; each by itself may be fine.
        std::string frame = lane.writer.take();
        frame.resize(before);
        transmit(lane, std::move(frame), lane.messages - 1);
        lane.writer.add(message);
        lane.messages = 1;
    }
    if (lane.writer.size() > options_.coalesce_bytes) {
        transmit(lane, lane.writer.take(), lane.messages);
        lane.messages = 0;
    }
}

void Transport::Impl::transmit(Lane& lane, std::string frame, std::size_t messages) {
    const Receiver& receiver = lane.receiver;
    const std::size_t size = frame.size();
    const std::size_t first = std::exchange(lane.closed, lane.closed + messages);
    bool sent = false;
    poller_.used(*receiver.by);
    if (size > options_.limits.frame) {
        // It would cost the connection at the other end.
        too_large_.warn("a message was not sent: it is larger than a frame may be", "here", std::to_string(size));
    } else if (receiver.routed) {
        sent = connections_.send(receiver.connection, std::move(frame));
    } else if (void* const socket = receiver.by->socket.get(); connecting_.awaits(socket)) {
        if (connecting_.add(socket, std::move(frame), messages)) return;
    } else {
        MessagePart body(std::move(frame));
        sent = body.send(socket);
    }
    const bool to_client = receiver.routed && receiver.to.none();  // else the answer names the node that asked
    if (sent) return count_sent(to_client ? PeerKind::client : receiver.by->kind, size, messages);
    counters_.dropped += messages;
    if (!receiver.routed) unsent_.push_back({receiver, first, messages});
}

void Transport::Impl::count_sent(PeerKind to, std::size_t bytes, std::size_t messages) {
    Traffic& traffic = counters_.sent(to);
    ++traffic.frames;
    traffic.messages += messages;
    traffic.bytes += bytes;
}

void Transport::Impl::subscribe(const std::string& endpoint) {
    if (subscriber_.socket && subscriber_.from.endpoint == endpoint) return;
    if (subscriber_.socket) poller_.remove(subscriber_);
    subscriber_.socket.reset();
    Socket socket = make_subscriber(context_.get(), options_);
    if (auto connected = connect_to(socket.get(), endpoint); !connected) {
        bad_endpoints_.warn("a publisher cannot be followed", endpoint, connected.error().message());
        return;
    }
    subscriber_.socket = std::move(socket);
    subscriber_.from = Address::to(endpoint);
    if (poller_.add(subscriber_)) return;
    bad_endpoints_.warn("a publisher cannot be followed", endpoint, "too many files are open");
    subscriber_.socket.reset();
}

void Transport::Impl::close_idle(Time now, Duration unused) {
    for (auto at = dealers_.begin(); at != dealers_.end();) {
        Dealer& dealer = at->second;
        if (std::exchange(dealer.active, false)) dealer.last_active = now;
        if (now - dealer.last_active > unused) {
            connecting_.forget(dealer.socket.get());
            poller_.remove(dealer);
            at = dealers_.erase(at);
            known_.clear();
        } else {
            ++at;
        }
    }
}

Transport::Transport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transport::~Transport() = default;

Result<std::unique_ptr<Transport>> Transport::open(const TransportOptions& options) {
    auto impl = std::make_unique<Impl>(options);
    if (auto opened = impl->open(); !opened) return opened.error();
    return std::unique_ptr<Transport>(new Transport(std::move(impl)));
}

void Transport::poll(Duration timeout) {
    impl_->poll(timeout);
}
void Transport::wake() {
    impl_->wake();
}
std::size_t Transport::receive(std::size_t frames, const Handler& handler, const Enough& enough, const Ahead& ahead) {
    return impl_->receive(frames, {handler, enough, ahead});
}
bool Transport::waiting() const {
    return impl_->waiting();
}
std::size_t Transport::held_bytes() const {
    return impl_->held_bytes();
}
Backlog Transport::backlog(PeerKind kind) const {
    return impl_->backlog(kind);
}
std::vector<std::size_t> Transport::send(const Identity& sender, std::span<const Outgoing> messages) {
    return impl_->send(sender, messages);
}
void Transport::subscribe(const std::string& endpoint) {
    impl_->subscribe(endpoint);
}
void Transport::close_idle(Time now, Duration unused) {
    impl_->close_idle(now, unused);
}
const TransportCounters& Transport::counters() const {
    return impl_->counters();
}

}  // namespace ringkv
