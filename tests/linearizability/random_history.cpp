#include "tests/linearizability/random_history.hpp"

#include <algorithm>
#include <string>

namespace ringkv::linearizability {

namespace {

std::int64_t between(Random& random, std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random);
}

bool chance(Random& random, double probability) {
    return std::bernoulli_distribution(probability)(random);
}

// The register as a client would imagine it, and what clients have learned of its versions.
struct World {
    std::string value;
    Version version = 0;
    Version last = 0;
    std::vector<Version> learned{0};
};

Version guess(Random& random, const World& world) {
    if (chance(random, 0.5)) return world.version;
    if (chance(random, 0.05))
        return static_cast<Version>(between(random, 0, static_cast<std::int64_t>(world.last) + 2));
    return world
        .learned[static_cast<std::size_t>(between(random, 0, static_cast<std::int64_t>(world.learned.size()) - 1))];
}

// What the call does to the world at its instant; fills in what it is told.
void happen(Random& random, World& world, Call& call) {
    call.outcome = Outcome::done;
    const bool present = world.version != 0;
    const bool conditional = call.kind == Kind::compare_and_set || call.kind == Kind::compare_and_erase;
    if (conditional) call.expected = guess(random, world);
    if (call.kind == Kind::get) {
        call.outcome = present ? Outcome::done : Outcome::absent;
        call.value = world.value;
        call.version = world.version;
    } else if (conditional && call.expected != world.version) {
        call.outcome = Outcome::condition_failed;
        if (chance(random, 0.3)) call.found = world.version;
    } else if (!present && (call.kind == Kind::erase || call.kind == Kind::compare_and_erase)) {
        call.outcome = call.kind == Kind::erase || chance(random, 0.5) ? Outcome::absent : Outcome::condition_failed;
    } else {
        world.last += static_cast<Version>(chance(random, 0.6) ? 1 : between(random, 1, 3));
        const bool removes = call.kind == Kind::erase || call.kind == Kind::compare_and_erase;
        world.value = removes ? "" : call.value;
        world.version = removes ? 0 : world.last;
        call.version = world.last;
    }
    if (call.outcome == Outcome::done) world.learned.push_back(call.version);
}

Kind any_kind(Random& random, const Shape& shape) {
    if (chance(random, 0.4)) return Kind::get;
    if (chance(random, shape.conditions)) return chance(random, 0.7) ? Kind::compare_and_set : Kind::compare_and_erase;
    return chance(random, 0.7) ? Kind::put : Kind::erase;
}

// Times first, with the instant at which each happens; then the world goes through those instants in order.
struct Planned {
    Call call;
    Instant instant = 0;  // never = it does not happen
    bool unknown = false;
};

std::vector<Planned> plan(Random& random, const Shape& shape) {
    std::vector<Planned> planned;
    std::vector<Instant> free_at(shape.clients, 0);
    const std::int64_t length = 10;
    for (unsigned i = 0; i < shape.calls; ++i) {
        Planned one;
        const auto client = static_cast<std::size_t>(between(random, 0, shape.clients - 1));
        one.call.client = static_cast<std::uint32_t>(client);
        one.call.kind = any_kind(random, shape);
        if (one.call.kind == Kind::put || one.call.kind == Kind::compare_and_set)
            one.call.value = "v" + std::to_string(i);
        one.call.called = free_at[client] + between(random, 0, length);
        one.call.returned = one.call.called + between(random, 0, 2 * length);
        free_at[client] = one.call.returned;
        one.instant = between(random, one.call.called, one.call.returned);
        one.unknown = chance(random, one.call.kind == Kind::get ? shape.unknown / 4 : shape.unknown);
        if (one.unknown) {
            // Much later, or never.
            const std::int64_t late = length * static_cast<std::int64_t>(shape.calls);
            one.instant =
                chance(random, 0.5) ? one.call.called + between(random, 0, chance(random, 0.5) ? length : late) : never;
        } else if (chance(random, 0.05)) {
            one.call.outcome = Outcome::not_applied;
            one.instant = never;
        }
        planned.push_back(std::move(one));
    }
    return planned;
}

}  // namespace

History legal_history(Random& random, const Shape& shape) {
    std::vector<Planned> planned = plan(random, shape);
    std::vector<Planned*> order;
    order.reserve(planned.size());
    for (Planned& one : planned) order.push_back(&one);
    std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->instant < b->instant; });
    World world;
    for (Planned* one : order) {
        if (one->instant == never) {
            if (one->call.kind == Kind::compare_and_set || one->call.kind == Kind::compare_and_erase)
                one->call.expected = guess(random, world);
        } else {
            happen(random, world, one->call);
            if (one->call.outcome == Outcome::done && chance(random, shape.untold)) one->call.version = 0;
        }
        if (!one->unknown) continue;
        one->call.outcome = Outcome::unknown;
        one->call.version = 0;
        one->call.found.reset();
        one->call.returned = never;
        if (one->call.kind == Kind::get) one->call.value.clear();
    }
    History history;
    history.reserve(planned.size());
    for (Planned& one : planned) history.push_back(std::move(one.call));
    return history;
}

namespace {

void bend_read(Random& random, const History& history, Call& get) {
    const Call& other =
        history[static_cast<std::size_t>(between(random, 0, static_cast<std::int64_t>(history.size()) - 1))];
    if (chance(random, 0.2)) {
        get.outcome = Outcome::absent;
        get.value.clear();
        get.version = 0;
    } else if (other.kind == Kind::put || other.kind == Kind::compare_and_set) {
        get.outcome = Outcome::done;
        get.value = other.value;
        get.version = chance(random, 0.7) ? other.version : 0;
    } else if (get.outcome == Outcome::done) {
        get.version += 1;
    }
}

void bend_write(Random& random, Call& write) {
    const bool conditional = write.kind == Kind::compare_and_set || write.kind == Kind::compare_and_erase;
    const auto version = static_cast<Version>(between(random, 1, 9));
    switch (between(random, 0, 4)) {
        case 0: write.outcome = Outcome::not_applied; break;
        case 1:
            write.outcome = Outcome::done;
            write.version = version;
            break;
        case 2:
            if (conditional)
                write.outcome = Outcome::condition_failed;
            else if (write.kind == Kind::erase)
                write.outcome = Outcome::absent;
            break;
        case 3:
            if (conditional) write.expected = version;
            break;
        default: write.version = write.outcome == Outcome::done ? version : 0; break;
    }
    if (write.outcome != Outcome::done) write.version = 0;
    if (write.outcome != Outcome::condition_failed) write.found.reset();
    // An outcome was made up for a call that had none.
    if (write.outcome != Outcome::unknown && write.returned == never) write.returned = write.called + 5;
}

void bend_time(Random& random, Call& call) {
    const Instant length = call.returned == never ? 0 : call.returned - call.called;
    call.called = std::max<Instant>(0, call.called + between(random, -30, 30));
    if (call.returned != never) call.returned = call.called + between(random, 0, length);
}

}  // namespace

void bend(Random& random, History& history) {
    for (std::int64_t times = between(random, 1, 3); times > 0; --times) {
        Call& call =
            history[static_cast<std::size_t>(between(random, 0, static_cast<std::int64_t>(history.size()) - 1))];
        if (chance(random, 0.3))
            bend_time(random, call);
        else if (call.kind != Kind::get)
            bend_write(random, call);
        else if (call.outcome == Outcome::done || call.outcome == Outcome::absent)
            bend_read(random, history, call);
    }
}

}  // namespace ringkv::linearizability
