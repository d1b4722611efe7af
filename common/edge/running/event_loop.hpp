// Drives one actor over the real world, turn by turn (common/turn.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "common/actor.hpp"
#include "common/edge/transport/transport.hpp"
#include "common/metrics/histogram.hpp"
#include "common/turn.hpp"

namespace ringkv {

// A turn ends as soon as one of its bounds is reached, in the middle of a frame too; what is left is for the next ones.
struct EventLoopOptions {
    Duration tick = std::chrono::milliseconds(5);  // longest wait
    std::size_t frames = 256;                      // that are taken in
    // Of servers' messages first, then of clients': so that neither keeps out the other. Servers' have more time: what
    // was accepted comes before what may be.
    std::size_t messages = 4096;
    Duration time = std::chrono::milliseconds(2);
    Duration servers_time = std::chrono::milliseconds(10);
    std::size_t bytes_to_send = std::size_t{8} << 20U;  // of both together
};

class EventLoop {
  public:
    EventLoop(Actor& actor, Storage& storage, Transport& transport, EventLoopOptions options = {});

    // Turns until stop(), or until the actor is finished. Error: storage failed; the process must end.
    Result<void> run();
    // Thread-safe, and safe in a signal handler's thread; run() returns after the turn under way.
    void stop();
    // Thread-safe: after the turn under way there is no other until resume(), or stop(). Sockets stay open, nothing is
    // answered, and the clock goes on: as for a process after SIGSTOP, and after SIGCONT.
    void pause();
    void resume();
    // Thread-safe: a turn comes soon.
    void wake() { transport_.wake(); }
    // Called on the loop's thread in every turn, after the messages and before tick(); set before run().
    void each_turn(std::function<void(Time)> input) { input_ = std::move(input); }
    // How long turns took that handed something over to the actor, without the wait before them. On the loop's thread.
    [[nodiscard]] const LatencyHistogram& turns() const { return turns_; }

  private:
    class RealWorld final : public Driver {
      public:
        RealWorld(Storage& storage, Transport& transport) : storage_(storage), transport_(transport) {}

        [[nodiscard]] Time now() override;
        [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch batch) override;
        [[nodiscard]] Result<BatchNumber> durable() override { return storage_.durable(); }
        [[nodiscard]] Result<std::vector<Outgoing>> send(const Identity& sender,
                                                         std::vector<Outgoing> messages) override;
        void subscribe(const std::string& endpoint) override { transport_.subscribe(endpoint); }
        void log(const LogLine& line) override;

      private:
        Storage& storage_;
        Transport& transport_;
    };

    [[nodiscard]] Result<void> turn();
    void take_messages();

    Actor& actor_;
    Transport& transport_;
    RealWorld world_;
    EventLoopOptions options_;
    std::function<void(Time)> input_;
    enum class Order : std::uint8_t { turn, pause, stop };
    std::atomic<Order> order_{Order::turn};
    BatchNumber durable_;  // the newest batch that the actor was told of
    bool more_ = false;    // something is left from the last turn: do not wait
    Time began_{};         // this turn; none: nothing was handed over in it
    LatencyHistogram turns_;
};

// For actors that store nothing, or whose durability is memory: durable as soon as handed over.
class NoStorage final : public Storage {
  public:
    Result<void> commit(BatchNumber number, StorageBatch&&) override {
        durable_ = number;
        return {};
    }
    [[nodiscard]] Result<BatchNumber> durable() const override { return durable_; }

  private:
    BatchNumber durable_;
};

}  // namespace ringkv
