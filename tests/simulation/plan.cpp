#include "tests/simulation/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "node/sessions.hpp"

namespace ringkv::simulation {

Plan draw_plan(std::uint64_t seed, const PlanOptions& options) {
    Plan plan;
    plan.seed = seed;
    Random random = plan.random("plan");
    plan.nodes = static_cast<std::uint32_t>(random.between(3, random.chance(0.3) ? 9 : 5));
    plan.racks = static_cast<std::uint32_t>(random.between(1, 4));
    plan.replication = static_cast<std::uint32_t>(random.chance(0.6) ? 3 : random.between(1, 4));
    plan.partitions = 1U << random.below(4);
    plan.durability = random.chance(0.5) ? Durability::memory : Durability::fsync;
    plan.reads = random.chance(0.8) ? ReadMode::lease : ReadMode::confirmed;
    if (random.chance(0.3)) plan.session_expiry = random.between(std::chrono::seconds(1), std::chrono::seconds(8));
    if (random.chance(0.1)) plan.inflight = random.between(1, 8);
    plan.clients = static_cast<std::uint32_t>(random.between(2, 6));
    plan.keys = static_cast<std::uint32_t>(random.between(2, random.chance(0.5) ? 8 : 40));
    plan.skew = random.unit();
    plan.outstanding = static_cast<std::uint32_t>(random.between(1, 6));
    plan.pace = random.between(std::chrono::milliseconds(30), std::chrono::milliseconds(120)) * plan.clients / 4;
    plan.faults_from_the_start = random.chance(0.15);
    plan.repair_after = random.between(std::chrono::seconds(2), std::chrono::seconds(30));
    plan.moves = static_cast<std::uint32_t>(random.between(1, 4));
    plan.moves_per_second = plan.random("moves per second").chance(0.5) ? 10 : 1000;
    // So slow that more is written during a copy than a log keeps.
    if (Random copies = plan.random("long copies"); copies.chance(0.15)) {
        plan.bytes_per_second = copies.between(800, 2000);
        plan.partitions = 1;
        plan.keys = static_cast<std::uint32_t>(copies.between(30, 60));
        plan.pace = std::chrono::milliseconds(30) * plan.clients / 4;
    }
    if (Random shards = plan.random("shards"); shards.chance(0.5))
        plan.shards = static_cast<std::uint32_t>(shards.between(2, 3));
    // A cluster in the middle of an upgrade, or before it.
    if (Random older = plan.random("older nodes"); older.chance(0.4)) plan.older = older.chance(0.75) ? 0.5 : 1;
    // So small that operations wait for each other.
    if (Random window = plan.random("window"); window.chance(0.3))
        plan.window = static_cast<std::size_t>(window.between(1, 1000));
    plan.hasty = plan.random("hasty").chance(0.2);
    // Room for a few sessions in each partition: they come and go all the time.
    if (Random sessions = plan.random("session budget"); sessions.chance(0.2))
        plan.sessions = SessionTable::bytes_a_session * plan.partitions * sessions.between(1, 4);
    // So large that few of them may wait for backups, and so little memory that writes are refused now and then.
    if (Random values = plan.random("large values"); values.chance(0.15) && !plan.long_copies())
        plan.value_bytes = static_cast<std::uint32_t>(values.between(500, 5000));
    if (Random memory = plan.random("memory"); memory.chance(0.15)) plan.memory = memory.between(20'000, 150'000);
    if (Random early = plan.random("early answers"); early.chance(0.5)) plan.early = 0.1 + 0.6 * early.unit();
    if (Random stale = plan.random("stale reads"); stale.chance(0.5)) plan.stale = 0.1 + 0.5 * stale.unit();
    if (plan.durability != Durability::memory) {
        Random disks = plan.random("engines on disk");
        plan.engines_on_disk = disks.chance(0.5);
        if (disks.chance(0.75)) plan.checkpoint = static_cast<std::size_t>(disks.between(20, 400));
    }
    plan.beyond_clock_bound = options.beyond_clock_bound;
    plan.duration = options.duration;
    // That is for those alone that take entries while they are copied to: copies to older ones begin anew for ever.
    if (plan.long_copies()) {
        plan.older = 0;
        plan.bytes_per_second *= plan.shards;
    }
    if (options.partitions != 0) plan.partitions = options.partitions;
    if (options.shards != 0) plan.shards = options.shards;
    if (options.clients != 0) plan.clients = options.clients;
    if (options.keys != 0) plan.keys = options.keys;
    if (options.outstanding != 0) plan.outstanding = options.outstanding;

    Random swarm = plan.random("swarm");
    const double share = 0.1 + 0.5 * swarm.unit();
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        const bool on = swarm.chance(share) || options.all_allowed_are_on;
        const double strength = 0.1 + 0.9 * swarm.unit();
        if (!on || !options.allowed.test(i)) continue;
        plan.faults.set(i);
        plan.strength[i] = strength;
    }
    // So much that it fills what is narrow.
    if (Random narrow = plan.random("narrow values");
        plan.has(Fault::narrow_link) && plan.value_bytes == 0 && !plan.long_copies() && narrow.chance(0.7))
        plan.value_bytes = static_cast<std::uint32_t>(narrow.between(200, 2000));
    return plan;
}

std::string describe(const Plan& plan) {
    const auto seconds = [](Duration duration) { return std::chrono::duration<double>(duration).count(); };
    return fmt::format(
        "{} nodes of up to {} shards in {} racks, N = {}, {} partitions, durability {}{}{}, reads by {}, sessions for "
        "{:.1f} s{}; {}{} clients{} with windows of {} bytes, {} keys{}, {:.0f} % of the writes acknowledged early, "
        "{:.0f} % of the reads stale; {:.1f} s with faults{}: {}",
        plan.nodes, plan.shards, plan.racks, plan.replication, plan.partitions, to_string(plan.durability),
        plan.engines_on_disk ? " with engines on disk" : "",
        plan.checkpoint != 0 ? fmt::format(" with logs of {} records", plan.checkpoint) : "",
        plan.reads == ReadMode::lease ? "lease" : "confirmation", seconds(plan.session_expiry),
        plan.long_copies() ? fmt::format(", copies at {} bytes/s", plan.bytes_per_second) : "",
        plan.memory != 0 ? fmt::format("memory for {} bytes; ", plan.memory) : "", plan.clients,
        plan.hasty ? " in a hurry" : "", plan.window, plan.keys,
        plan.value_bytes != 0 ? fmt::format(" with values of up to {} bytes", plan.value_bytes) : "", 100 * plan.early,
        100 * plan.stale, seconds(plan.duration), plan.faults_from_the_start ? " from the first start on" : "",
        to_string(plan.faults));
}

}  // namespace ringkv::simulation
