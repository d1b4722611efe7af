#include "common/edge/running/event_loop.hpp"

#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {
namespace {

// Connections that were not used for so long are closed.
constexpr Duration idle = std::chrono::minutes(5);

// The clock is sampled once for so many messages of clients, and for each of servers: one of those may have thousands
// of entries.
constexpr std::size_t messages_a_sample = 16;

// How far a turn has come; its bounds count anew where clients' messages begin.
class TurnProgress {
  public:
    explicit TurnProgress(const EventLoopOptions& options) : options_(options) {}

    // One more message is handed over. -> the time, sampled after it was taken in.
    [[nodiscard]] Time count(bool of_client) {
        if (of_client && !std::exchange(clients_, true)) messages_ = 0;
        if (!of_client || messages_ % messages_a_sample == 0) now_ = boot_time();
        if (began_ == Time{}) began_ = now_;
        if (messages_++ == 0) end_ = now_ + (of_client ? options_.time : options_.servers_time);
        return now_;
    }
    // When the first message was taken in; none: there was none.
    [[nodiscard]] Time began() const { return began_; }
    [[nodiscard]] bool over() const { return messages_ >= options_.messages || now_ >= end_; }

  private:
    const EventLoopOptions& options_;
    bool clients_ = false;
    std::size_t messages_ = 0;
    Time now_{};
    Time end_{};
    Time began_{};
};

}  // namespace

EventLoop::EventLoop(Actor& actor, Storage& storage, Transport& transport, EventLoopOptions options)
    : actor_(actor), transport_(transport), world_(storage, transport), options_(options) {}

Time EventLoop::RealWorld::now() {
    return boot_time();
}

Result<void> EventLoop::RealWorld::commit(BatchNumber number, StorageBatch batch) {
    return storage_.commit(number, std::move(batch));
}

Result<std::vector<Outgoing>> EventLoop::RealWorld::send(const Identity& sender, std::vector<Outgoing> messages) {
    std::vector<Outgoing> unsent;
    for (const std::size_t index : transport_.send(sender, messages)) unsent.push_back(std::move(messages[index]));
    return unsent;
}

void EventLoop::RealWorld::log(const LogLine& line) {
    ringkv::log(line);
}

Result<void> EventLoop::run() {
    while (!actor_.finished()) {
        const Order order = order_.load(std::memory_order_acquire);
        if (order == Order::stop) break;
        if (order == Order::pause) {
            order_.wait(order, std::memory_order_acquire);
        } else if (auto done = turn(); !done) {
            return done;
        }
    }
    return {};
}

void EventLoop::stop() {
    order_.store(Order::stop, std::memory_order_release);
    order_.notify_one();
    transport_.wake();
}

void EventLoop::pause() {
    Order order = Order::turn;  // what was stopped stays stopped
    if (order_.compare_exchange_strong(order, Order::pause, std::memory_order_acq_rel)) transport_.wake();
}

void EventLoop::resume() {
    Order order = Order::pause;
    if (order_.compare_exchange_strong(order, Order::turn, std::memory_order_acq_rel)) order_.notify_one();
}

Result<void> EventLoop::turn() {
    transport_.poll(more_ ? Duration::zero() : options_.tick);
    const auto end = take_turn(actor_, world_, durable_, [this]() -> Result<void> {
        take_messages();
        return {};
    });
    if (!end) return end.error();
    if (const Time began = std::exchange(began_, Time{}); began != Time{}) turns_.add(boot_time() - began);
    more_ = more_ || *end == TurnEnd::more;
    return {};
}

// The time of a message is sampled after it was taken in (L3, L4), and may be long after, since a frame may wait for
// its turn. Later is safe: docs/decisions/0026.
void EventLoop::take_messages() {
    TurnProgress progress(options_);
    const std::size_t taken = transport_.receive(
        options_.frames,
        [&](const Origin& from, Message message) {
            const bool of_client = from.address.kind == Address::Kind::connection && from.node.none();
            actor_.receive(progress.count(of_client), from, std::move(message));
        },
        [&] { return progress.over() || actor_.bytes_to_send() >= options_.bytes_to_send; },
        [&](const Message& message, std::size_t step) { actor_.expect(message, step); });
    began_ = progress.began();
    more_ = taken >= options_.frames || transport_.waiting();
    const Time now = boot_time();
    if (input_) input_(now);
    transport_.close_idle(now, idle);
}

}  // namespace ringkv
