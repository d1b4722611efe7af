#include "tests/world/cluster.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv::simulation {

namespace {

const std::string registry_name = "registry";

class WatchedEngine final : public Engine {
  public:
    explicit WatchedEngine(std::function<void(PartitionId, const Entry&)> applied) : applied_(std::move(applied)) {}

    [[nodiscard]] std::optional<Found> get(PartitionId partition, std::string_view key) const override {
        return engine_.get(partition, key);
    }
    [[nodiscard]] ScanPart scan(PartitionId partition, const ScanRange& range) const override {
        return engine_.scan(partition, range);
    }
    void apply(PartitionId partition, const Entry& entry) override {
        engine_.apply(partition, entry);
        applied_(partition, entry);
    }
    void clear(PartitionId partition) override { engine_.clear(partition); }
    void load(PartitionId partition, const std::vector<KeyRecord>& records) override {
        engine_.load(partition, records);
    }
    [[nodiscard]] Size size(PartitionId partition) const override { return engine_.size(partition); }
    [[nodiscard]] std::uint64_t bytes() const override { return engine_.bytes(); }

  private:
    MemoryEngine engine_;
    std::function<void(PartitionId, const Entry&)> applied_;
};

// Storage and cluster ids need only differ from one another here.
Uuid uuid_of(std::uint8_t kind, std::uint64_t host, std::uint64_t start) {
    Uuid uuid;
    uuid.bytes[0] = kind;
    for (std::size_t i = 0; i < 7; ++i) uuid.bytes[i + 1] = static_cast<std::uint8_t>(host >> (8 * i));
    for (std::size_t i = 0; i < 8; ++i) uuid.bytes[i + 8] = static_cast<std::uint8_t>(start >> (8 * i));
    return uuid;
}

}  // namespace

SimulatedCluster::SimulatedCluster(Network& network, RegistryOptions options, const Placement& placement, Duration tick)
    : options_(std::move(options)),
      placement_(placement),
      registry_endpoint_(endpoint_of(registry_name)),
      world_(network, tick) {
    options_.settings.publish = "tcp://registry:2";
    world_.on_turn([this](HostId host) {
        after_turn(host);
        if (turned_) turned_(host);
    });
}

std::string SimulatedCluster::endpoint_of(std::string_view host) {
    return "tcp://" + std::string(host) + ":1";
}

// ---------------------------------------------------------------- hosts

HostId SimulatedCluster::add_registry() {
    HostOptions host;
    host.name = registry_name;
    host.listen = registry_endpoint_;
    host.publish = options_.settings.publish;
    host.boot = [this](const Boot& boot) { return boot_registry(boot); };
    registry_ = world_.add(std::move(host));
    return hosts_[registry_name] = registry_;
}

std::unique_ptr<Actor> SimulatedCluster::boot_registry(const Boot& boot) {
    ClusterMap recovered;
    for (const StorageRecord& record : boot.disk.records()) {
        const auto* delta = std::get_if<MapDelta>(&record);
        RINGKV_CHECK(delta != nullptr && recovered.apply(*delta) == ClusterMap::Applied::yes,
                     "the registry stores its deltas, without a gap");
    }
    return std::make_unique<RegistryActor>(options_, placement_, std::move(recovered),
                                           uuid_of(1, registry_.value(), boot.start.value()));
}

HostId SimulatedCluster::add_node(const NodePlan& plan) {
    const std::string name = plan.host.empty() ? plan.name : plan.host;
    HostOptions host;
    host.name = name;
    host.listen = endpoint_of(name);
    const HostId id(static_cast<std::uint32_t>(world_.hosts() + 1));
    host.boot = [this, plan, id](const Boot& boot) { return boot_node(boot, id, plan); };
    RINGKV_CHECK(world_.add(std::move(host)) == id, "hosts are numbered in order");
    if (plan.durability != Durability::memory) durable_.insert(id);
    nodes_.push_back(id);
    return hosts_[name] = id;
}

std::unique_ptr<Actor> SimulatedCluster::boot_node(const Boot& boot, HostId host, const NodePlan& plan) {
    const bool keeps = plan.durability != Durability::memory && !boot.disk.empty();
    if (!keeps) {
        boot.disk.wipe();
        identities_.erase(host);
    }
    const Identity earlier = identities_[host];
    storage_[host] = keeps ? storage_[host] : boot.start;
    NodeDescription self;
    self.name = plan.name;
    self.rack = plan.rack;
    self.weight = plan.weight;
    self.registries = {registry_endpoint_};
    self.endpoints = {endpoint_of(world_.name(host))};
    self.storage = uuid_of(2, host.value(), storage_[host].value());
    self.start = boot.start;
    self.durability = plan.durability;
    self.id = earlier.node;
    self.cluster = earlier.cluster;
    auto engine = std::make_unique<WatchedEngine>([this, host](PartitionId partition, const Entry& entry) {
        if (applied_) applied_(host, partition, entry);
    });
    auto shard = std::make_unique<Shard>(std::move(self), 0, plan.limits, *engine, commit_rule_, succession_rule_);
    engines_.insert_or_assign(host, std::move(engine));
    for (const StorageRecord& record : boot.disk.records()) shard->restore(record);
    return shard;
}

HostId SimulatedCluster::add_client(const std::string& name, const std::vector<HostId>& sources) {
    HostOptions host;
    host.name = name;
    ClientOptions options;
    for (const HostId source : sources) options.registries.push_back(endpoint_of(world_.name(source)));
    if (options.registries.empty()) options.registries.push_back(registry_endpoint_);
    host.boot = [this, options](const Boot& boot) {
        ClientOptions own = options;
        own.id = ClientId(next_client_++);
        return std::make_unique<ClientActor>(std::move(own), boot.start.value());
    };
    const HostId id = world_.add(std::move(host));
    finished_[id];
    return hosts_[name] = id;
}

HostId SimulatedCluster::host(std::string_view name) const {
    const auto found = hosts_.find(name);
    return found == hosts_.end() ? HostId{} : found->second;
}

RegistryActor& SimulatedCluster::registry() {
    return dynamic_cast<RegistryActor&>(world_.actor(registry_));
}
Shard& SimulatedCluster::shard(HostId node) {
    return dynamic_cast<Shard&>(world_.actor(node));
}
ClientActor& SimulatedCluster::client(HostId client) {
    return dynamic_cast<ClientActor&>(world_.actor(client));
}

// ---------------------------------------------------------------- what happens in it

void SimulatedCluster::after_turn(HostId host) {
    if (world_.state(host) == HostState::down) return;
    if (host == registry_) {
        const ClusterMap& published = registry().map();
        if (published.newer_than(map_)) {
            map_ = published;
            learn_names();
        }
        return;
    }
    const auto found = finished_.find(host);
    if (found == finished_.end()) {
        if (const Identity identity = world_.actor(host).identity(); !identity.node.none())
            identities_[host] = identity;
        return;
    }
    collect(host);
}

void SimulatedCluster::collect(HostId host) {
    for (Completion& completion : client(host).take_completions()) {
        const OperationId id = completion.id;
        const Finished finished{std::move(completion), world_.now()};
        if (finished_hook_)
            finished_hook_(host, finished);
        else
            finished_.at(host).insert_or_assign(id, finished);
    }
}

Identity SimulatedCluster::identity_of(HostId node) const {
    const auto found = identities_.find(node);
    return found == identities_.end() ? Identity{} : found->second;
}

void SimulatedCluster::lose_storage(HostId node) {
    RINGKV_CHECK(world_.state(node) == HostState::down, "its process is gone");
    world_.disk(node).wipe();
    identities_.erase(node);
}

HostId SimulatedCluster::holder_of(NodeId node) const {
    for (const auto& [host, identity] : identities_)
        if (identity.node == node && (is_durable(host) || world_.state(host) != HostState::down)) return host;
    return {};
}

OperationId SimulatedCluster::submit(HostId client, Operation operation, Duration deadline) {
    OperationId id;
    world_.input(client, [&](Actor& actor, Time now) {
        id = dynamic_cast<ClientActor&>(actor).submit(now, std::move(operation), now + deadline);
    });
    return id;
}

const Finished* SimulatedCluster::finished(HostId client, OperationId operation) const {
    const auto& all = finished_.at(client);
    const auto found = all.find(operation);
    return found == all.end() ? nullptr : &found->second;
}

std::string SimulatedCluster::name_of(NodeId node) const {
    if (node.none()) return "nobody";
    const auto found = names_.find(node);
    return found == names_.end() ? "#" + std::to_string(node.value()) : found->second;
}

// Identities keep their names here when the map forgets them.
void SimulatedCluster::learn_names() {
    for (const auto& [id, node] : map_.nodes) {
        if (names_.contains(id)) continue;
        const bool first =
            std::none_of(names_.begin(), names_.end(), [&](const auto& it) { return it.second == node.name; });
        names_[id] = first ? node.name : node.name + "#" + std::to_string(id.value());
    }
}

void SimulatedCluster::administer(AdminAction action, const std::string& node) {
    if (world_.state(registry_) != HostState::running) return;
    Administer request;
    request.action = action;
    request.node = node;
    world_.input(registry_, [&](Actor& actor, Time now) { actor.receive(now, Origin{}, request); });
}

bool is_whole(const PartitionState& partition) {
    const std::vector<NodeId>& members = partition.view.members;
    return !partition.target.empty() &&
           std::is_permutation(members.begin(), members.end(), partition.target.begin(), partition.target.end());
}

bool SimulatedCluster::settled() const {
    if (!map_.formed()) return false;
    return std::all_of(map_.partitions.begin(), map_.partitions.end(), [](const PartitionState& partition) {
        return is_whole(partition) && partition.view.primary == partition.target.front();
    });
}

}  // namespace ringkv::simulation
