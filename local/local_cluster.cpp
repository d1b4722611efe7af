// The public door: checks arguments, and says in which order a node comes and goes.
#include "ringkv/local_cluster.hpp"

#include <algorithm>

#include "client/edge/calls.hpp"
#include "client/edge/status.hpp"
#include "common/partitioning.hpp"
#include "local/core.hpp"

namespace ringkv {

using local::Core;
using local::Members;

namespace {

constexpr std::uint32_t most_copies = 16;
constexpr Duration quiet = std::chrono::milliseconds(50);  // longer than the registry takes to plan anew

std::optional<Error> objection_to(const LocalClusterOptions& options) {
    const auto wrong = [](std::string text) { return Error(ErrorCode::configuration, std::move(text)); };
    if (options.replication < 1 || options.replication > most_copies) return wrong("replication must be from 1 to 16");
    if (!valid_partition_count(options.partitions)) return wrong("partitions must be a power of two, from 1 to 65536");
    if (options.deadline.count() <= 0 || options.change_deadline.count() <= 0)
        return wrong("deadlines must be longer than 0 ms");
    return std::nullopt;
}

Error no_nodes() {
    return {ErrorCode::unavailable, "the cluster has no nodes; add_node first"};
}

}  // namespace

class LocalCluster::Impl {
  public:
    explicit Impl(Options options) : unusable_(objection_to(options)) {
        if (!unusable_) core_ = std::make_unique<Core>(std::move(options));
    }

    // The core, or why there is none.
    [[nodiscard]] Result<Core*> core() const {
        if (unusable_) return *unusable_;
        return core_.get();
    }

  private:
    std::optional<Error> unusable_;
    std::unique_ptr<Core> core_;
};

LocalCluster::LocalCluster(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
LocalCluster::~LocalCluster() = default;

void LocalCluster::close() {
    if (auto core = impl_->core()) (*core)->close();
}

// ---------------------------------------------------------------- nodes

Result<void> LocalCluster::add_node(std::string_view name, std::string_view rack, double weight) {
    auto core = impl_->core();
    if (!core) return core.error();
    const std::string node(name);
    auto started = (*core)->on_thread<void>(
        [&](Members& members, Time) { return members.start(node, std::string(rack), weight); });
    if (!started) return started;
    auto joined = (*core)->wait_until([&](Members& members, Time now) { return members.has_joined(now, node); },
                                      node + " has not become a member");
    if (!joined) {
        (void)(*core)->on_thread<void>([&](Members& members, Time) { return members.kill(node); });
        return joined;
    }
    // What was asked of an earlier node of that name does not hold for this one.
    auto drained = (*core)->on_thread<bool>([&](Members& members, Time) { return members.is_drained(node); });
    if (!drained) return drained.error();
    return *drained ? (*core)->administer(AdminAction::undrain, node) : Result<void>();
}

Result<void> LocalCluster::remove_node(std::string_view name) {
    auto core = impl_->core();
    if (!core) return core.error();
    const std::string node(name);
    auto begun = (*core)->on_thread<void>([&](Members& members, Time) { return members.begin_removal(node); });
    if (!begun) return begun;
    // FrameRefused: there are not enough others for as many copies as before. Then it is enough that they have it all.
    const Result<void> told = (*core)->administer(AdminAction::remove, node);
    const bool drains = told.has_value();
    Result<void> done = told;
    if (drains || told.error().code() == ErrorCode::refused)
        done = (*core)->wait_until(
            [&](Members& members, Time now) {
                return drains ? members.stop_when_empty(now, node) : members.stop_when_spared(now, node);
            },
            node + " could not give all of its copies away");
    if (!done) {
        (void)(*core)->on_thread<void>([&](Members& members, Time) {
            members.cancel_removal(node);
            return Result<void>();
        });
        if (drains) (void)(*core)->administer(AdminAction::undrain, node);
        return done;
    }
    return (*core)->wait_until([&](Members& members, Time) { return members.has_stopped(node); },
                               node + " has not stopped");
}

Result<void> LocalCluster::kill_node(std::string_view name) {
    auto core = impl_->core();
    if (!core) return core.error();
    return (*core)->on_thread<void>([&](Members& members, Time) { return members.kill(std::string(name)); });
}

Result<void> LocalCluster::settle(Settled what) {
    auto core = impl_->core();
    if (!core) return core.error();
    Epoch epoch;
    std::optional<Time> since;
    return (*core)->wait_until(
        [&](Members& members, Time now) -> local::Progress {
            if (!since || members.map().epoch != epoch) {
                epoch = members.map().epoch;
                since = now;
            }
            if (members.unsettled(what) != 0 || now - *since < quiet) return std::nullopt;
            return Result<void>();
        },
        "the partitions are not all where they should be");
}

std::vector<std::string> LocalCluster::nodes() {
    auto core = impl_->core();
    if (!core) return {};
    auto names = (*core)->on_thread<std::vector<std::string>>(
        [](Members& members, Time) { return Result<std::vector<std::string>>(members.names()); });
    return names ? *names : std::vector<std::string>();
}

// ---------------------------------------------------------------- keys

Result<Version> LocalCluster::put(std::string_view key, std::string_view value, const WriteOptions& options) {
    auto core = impl_->core();
    if (!core) return core.error();
    return calls::version_of((*core)->perform(calls::write(key, value, std::nullopt, options)));
}

Result<Version> LocalCluster::compare_and_set(std::string_view key, Version expected, std::string_view value) {
    auto core = impl_->core();
    if (!core) return core.error();
    return calls::version_of((*core)->perform(calls::write(key, value, expected)));
}

Result<std::optional<Version>> LocalCluster::erase(std::string_view key, const WriteOptions& options) {
    auto core = impl_->core();
    if (!core) return core.error();
    return calls::removal_of((*core)->perform(calls::write(key, std::nullopt, std::nullopt, options)));
}

Result<StaleValue> LocalCluster::read(std::string_view key, const ReadOptions& options) {
    auto core = impl_->core();
    if (!core) return core.error();
    return calls::aged_value_of((*core)->perform(calls::read(key, options)));
}

Result<std::optional<VersionedValue>> LocalCluster::get(std::string_view key) {
    auto core = impl_->core();
    if (!core) return core.error();
    return calls::value_of((*core)->perform(calls::read(key)));
}

Result<PartitionStatus> LocalCluster::locate(std::string_view key) {
    auto core = impl_->core();
    if (!core) return core.error();
    if (key.empty()) return Error(ErrorCode::invalid_argument, "a key has at least 1 byte");
    return (*core)->on_thread<PartitionStatus>([&](Members& members, Time) -> Result<PartitionStatus> {
        const ClusterMap& map = members.map();
        if (members.none() || !map.formed()) return no_nodes();
        const PartitionId partition = partition_of(key, map.settings.partitions);
        return status_of(map, partition, map.at(partition).view);
    });
}

Result<std::string> LocalCluster::owner(std::string_view key) {
    auto located = locate(key);
    if (!located) return located.error();
    return located->primary;
}

Result<ClusterStatus> LocalCluster::status() {
    auto core = impl_->core();
    if (!core) return core.error();
    return (*core)->on_thread<ClusterStatus>([](Members& members, Time) -> Result<ClusterStatus> {
        if (!members.map().formed()) return no_nodes();
        return status_of(members.map());
    });
}

}  // namespace ringkv
