// One turn of an actor, in the one order that is safe. Every driver takes its turns here: the event loop, the
// in-memory World of the tests, the cluster in one process, and the benchmarks' farm.
//
//     feed: receive(...) for each of a bounded batch of messages
//     tick(now)
//     until there are no effects:
//         durable(now, number), if storage has become durable further
//         effects = take_effects(): log lines, then the batch to storage, then the sends
//         unsent(...) for each that could not leave
//
// The order is the safety argument. A batch is committed before the sends of the same effects leave, so nothing
// overtakes what it depends on in storage; an actor keeps back what must wait until its batch is durable. The clock is
// sampled after the messages were taken in (L3, L4).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/actor.hpp"

namespace ringkv {

// What a driver offers to a turn. An error of any of these ends the turn at once, and is what take_turn() returns.
class Driver {
  public:
    Driver() = default;
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    virtual ~Driver() = default;

    // The actor's clock, sampled at the call.
    [[nodiscard]] virtual Time now() = 0;
    // As Storage's.
    [[nodiscard]] virtual Result<void> commit(BatchNumber number, StorageBatch batch) = 0;
    [[nodiscard]] virtual Result<BatchNumber> durable() = 0;
    // Coalesced by destination; what cannot be sent is dropped. Never called with nothing to send.
    // -> what was to go to an endpoint, and was certainly dropped before it left.
    [[nodiscard]] virtual Result<std::vector<Outgoing>> send(const Identity& sender,
                                                             std::vector<Outgoing> messages) = 0;
    // Follow this PUB endpoint from now on.
    virtual void subscribe(const std::string& endpoint) = 0;
    virtual void log(const LogLine& line) = 0;
};

// A driver whose actor stores nothing that must outlive it: a batch is durable as soon as it is handed over. `stored`
// is kept by reference, from turn to turn; all of a turn sees the same time.
class VolatileDriver : public Driver {
  public:
    VolatileDriver(Time now, BatchNumber& stored) : now_(now), stored_(stored) {}

    [[nodiscard]] Time now() final { return now_; }
    [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch) final {
        stored_ = number;
        return {};
    }
    [[nodiscard]] Result<BatchNumber> durable() final { return stored_; }

  private:
    const Time now_;
    BatchNumber& stored_;
};

enum class TurnEnd : std::uint8_t {
    idle,  // nothing is left
    more,  // effects may be left: the next turn must not wait
};

// The part of a turn that follows the messages. `told`: the newest batch that the actor has been told is durable.
[[nodiscard]] Result<TurnEnd> finish_turn(Actor& actor, Driver& driver, BatchNumber& told);

// `feed`: -> Result<void>; hands the actor its messages.
template <class Feed>
[[nodiscard]] Result<TurnEnd> take_turn(Actor& actor, Driver& driver, BatchNumber& told, Feed&& feed) {
    if (Result<void> fed = std::forward<Feed>(feed)(); !fed) return fed.error();
    return finish_turn(actor, driver, told);
}

}  // namespace ringkv
