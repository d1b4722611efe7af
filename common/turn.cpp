#include "common/turn.hpp"

namespace ringkv {
namespace {

// Storage that is durable at once may keep an actor busy: the messages that have come meanwhile get their turn.
constexpr int most_rounds = 16;

Result<void> carry_out(Actor& actor, Driver& driver, Effects effects) {
    for (const LogLine& line : effects.log) driver.log(line);
    if (!effects.batch.empty())
        if (auto stored = driver.commit(effects.number, std::move(effects.batch)); !stored) return stored;
    if (effects.subscribe) driver.subscribe(*effects.subscribe);
    if (effects.sends.empty()) return {};
    const auto unsent = driver.send(actor.identity(), std::move(effects.sends));
    if (!unsent) return unsent.error();
    for (const Outgoing& message : *unsent) actor.unsent(driver.now(), message);
    return {};
}

}  // namespace

Result<TurnEnd> finish_turn(Actor& actor, Driver& driver, BatchNumber& told) {
    actor.tick(driver.now());
    for (int round = 0; round < most_rounds; ++round) {
        const Result<BatchNumber> safe = driver.durable();
        if (!safe) return safe.error();
        if (*safe > told) {
            told = *safe;
            actor.durable(driver.now(), told);
        }
        Effects effects = actor.take_effects();
        if (effects.empty()) return TurnEnd::idle;
        if (auto done = carry_out(actor, driver, std::move(effects)); !done) return done.error();
    }
    return TurnEnd::more;
}

}  // namespace ringkv
