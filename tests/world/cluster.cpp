#include "tests/world/cluster.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv::simulation {

namespace {

const std::string registry_name = "registry";

// Tells of what is applied.
template <class Inner>
class WatchedEngine final : public Engine {
  public:
    template <class... Arguments>
    explicit WatchedEngine(std::function<void(PartitionId, const Entry&)> applied, Arguments&&... arguments)
        : engine_(std::forward<Arguments>(arguments)...), applied_(std::move(applied)) {}

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
    ContentsNumber clear(PartitionId partition) override { return engine_.clear(partition); }
    void load(PartitionId partition, const std::vector<KeyRecord>& records) override {
        engine_.load(partition, records);
    }
    [[nodiscard]] bool reclaim(std::size_t most) override { return engine_.reclaim(most); }
    void select(PartitionId partition, ContentsNumber contents) override { engine_.select(partition, contents); }
    void forget_unselected() override { engine_.forget_unselected(); }
    void forget(PartitionId partition, ContentsNumber before) override { engine_.forget(partition, before); }
    [[nodiscard]] FlushNumber next_flush() const override { return engine_.next_flush(); }
    void flush() override { engine_.flush(); }
    [[nodiscard]] FlushNumber flushed() const override { return engine_.flushed(); }
    [[nodiscard]] Size size(PartitionId partition) const override { return engine_.size(partition); }
    [[nodiscard]] std::uint64_t bytes() const override { return engine_.bytes(); }

  private:
    Inner engine_;
    std::function<void(PartitionId, const Entry&)> applied_;
};

constexpr std::uint64_t record_bytes = 100;  // roughly

bool has_map(const Disk& disk) {
    const std::vector<StorageRecord> records = disk.records();
    return std::any_of(records.begin(), records.end(),
                       [](const StorageRecord& record) { return std::holds_alternative<MapDelta>(record); });
}

Generation newest_fence(const Disk& disk) {
    Generation newest;
    for (const StorageRecord& record : disk.records())
        if (const auto* told = std::get_if<FenceRecord>(&record)) newest = told->fence.generation;
    return newest;
}

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

std::string SimulatedCluster::endpoint_of(std::string_view host, ShardIndex shard) {
    return "tcp://" + std::string(host) + ":" + std::to_string(1 + shard);
}

// ---------------------------------------------------------------- hosts

HostId SimulatedCluster::add_registry() {
    HostOptions host;
    host.name = registry_name;
    host.listen = registry_endpoint_;
    host.publish = options_.settings.publish;
    host.boot = [this](const Boot& boot) { return boot_registry(boot); };
    registry_ = world_.add(std::move(host));
    processes_[registry_] = {registry_};
    return hosts_[registry_name] = registry_;
}

void SimulatedCluster::rebuild_registry(std::function<bool(NodeId)> given_up) {
    RINGKV_CHECK(world_.state(registry_) == HostState::down, "its process is gone");
    world_.disk(registry_).wipe();
    given_up_ = std::move(given_up);
    world_.start(registry_);
}

bool SimulatedCluster::is_rebuilt() {
    return given_up_ && world_.state(registry_) == HostState::down && has_map(world_.disk(registry_));
}

std::unique_ptr<Actor> SimulatedCluster::boot_registry(const Boot& boot) {
    rebuilds_ = given_up_ && !has_map(boot.disk);
    if (rebuilds_) {
        RebuildOptions options;
        options.settings = options_.settings;
        options.given_up = [this](const NodeInfo& node) { return given_up_(node.id); };
        options.lost = [this](PartitionId partition) {
            const std::vector<NodeId>& members = map_.at(partition).view.members;
            return std::all_of(members.begin(), members.end(), given_up_);
        };
        return std::make_unique<RebuildActor>(std::move(options), uuid_of(3, registry_.value(), boot.start.value()),
                                              newest_fence(boot.disk));
    }
    given_up_ = nullptr;
    ClusterMap recovered;
    std::vector<Event> events;
    for (const StorageRecord& record : boot.disk.records()) {
        if (const auto* told = std::get_if<EventsRecord>(&record)) {
            events.insert(events.end(), told->events.begin(), told->events.end());
            continue;
        }
        if (std::holds_alternative<FenceRecord>(record)) continue;
        const auto* delta = std::get_if<MapDelta>(&record);
        RINGKV_CHECK(delta != nullptr && recovered.apply(*delta) == ClusterMap::Applied::yes,
                     "the registry stores its deltas, without a gap");
    }
    return std::make_unique<RegistryActor>(options_, placement_, std::move(recovered),
                                           uuid_of(1, registry_.value(), boot.start.value()), std::move(events));
}

HostId SimulatedCluster::add_node(const NodePlan& plan) {
    RINGKV_CHECK(plan.shards > 0, "a node has a shard");
    const std::string name = plan.host.empty() ? plan.name : plan.host;
    const HostId node(static_cast<std::uint32_t>(world_.hosts() + 1));
    for (ShardIndex index = 0; index < plan.shards; ++index) {
        HostOptions host;
        host.name = index == 0 ? name : name + "/" + std::to_string(index);
        host.listen = endpoint_of(name, index);
        host.minor = plan.minor;
        host.boot = [this, node, index](const Boot& boot) { return boot_shard(boot, node, index); };
        const std::string shard_name = host.name;
        const HostId shard = world_.add(std::move(host));
        hosts_[shard_name] = shard;
        processes_[node].push_back(shard);
        node_of_[shard] = node;
    }
    plans_.emplace(node, plan);
    if (plan.durability != Durability::memory) durable_.insert(node);
    nodes_.push_back(node);
    return node;
}

// Decided for all shards at once: one that had stored nothing yet goes on under the node's identity as well.
void SimulatedCluster::open_storage(HostId node) {
    const std::vector<HostId>& shards = processes_.at(node);
    const bool keeps = is_durable(node) && std::any_of(shards.begin(), shards.end(),
                                                       [this](HostId shard) { return !world_.disk(shard).empty(); });
    if (!keeps) lose_storage(node);
    const StartNumber start = world_.life(node).next();
    storage_[node] = keeps ? storage_[node] : start;
}

std::unique_ptr<Actor> SimulatedCluster::boot_shard(const Boot& boot, HostId node, ShardIndex index) {
    const NodePlan& plan = plans_.at(node);
    RINGKV_CHECK(boot.start == world_.life(node), "the shards of a node are one process");
    const Identity earlier = identities_[node];
    NodeDescription self;
    self.name = plan.name;
    self.rack = plan.rack;
    self.weight = plan.weight;
    self.registries = {registry_endpoint_};
    for (ShardIndex i = 0; i < plan.shards; ++i) self.endpoints.push_back(endpoint_of(world_.name(node), i));
    self.storage = uuid_of(2, node.value(), storage_[node].value());
    self.start = boot.start;
    self.durability = plan.durability;
    self.id = earlier.node;
    self.cluster = earlier.cluster;
    const HostId host = processes_.at(node)[index];
    auto engine = make_engine(boot, host);
    auto shard = std::make_unique<Shard>(std::move(self), index, plan.limits, *engine, commit_rule_, succession_rule_);
    shortenings_.erase(host);
    shortenings_.emplace(host, LogShortening(*shard, *engine, checkpoint_ * record_bytes));
    if (boot.disk.begins_late()) shard->restore_from_checkpoints();
    for (const StorageRecord& record : boot.disk.records()) shard->restore(record);
    RINGKV_CHECK(shard->wholly_restored(), "a log begins with a checkpoint that has an end");
    RINGKV_CHECK(shard->counts_on() <= engine->flushed(), "an engine has what its log counts on");
    engine->forget_unselected();
    engines_.insert_or_assign(host, std::move(engine));
    return shard;
}

// Of what the process before had not flushed some is there, up to any point.
std::unique_ptr<Engine> SimulatedCluster::make_engine(const Boot& boot, HostId shard) {
    const auto applied = [this, shard](PartitionId partition, const Entry& entry) {
        if (applied_) applied_(shard, partition, entry);
    };
    if (!engines_on_disk_ || !is_durable(node_of(shard))) return std::make_unique<WatchedEngine<MemoryEngine>>(applied);
    EngineDisk& disk = engine_disks_[shard];
    disk.crash(boot.start.value() * 7919 % (disk.unflushed() + 1));
    return std::make_unique<WatchedEngine<FlushedEngine>>(applied, disk, boot.start);
}

void SimulatedCluster::keep_log_short(HostId shard) {
    Disk& disk = world_.disk(shard);
    if (checkpoint_ == 0 || !is_durable(node_of(shard))) return;
    const std::size_t records = disk.records_held();
    if (const auto place = shortenings_.at(shard).look(records * record_bytes, disk.end())) disk.drop_before(*place);
}

HostId SimulatedCluster::add_client(const std::string& name, const std::vector<HostId>& sources,
                                    ClientOptions options) {
    HostOptions host;
    host.name = name;
    for (const HostId source : sources) options.registries.push_back(endpoint_of(world_.name(source)));
    if (options.registries.empty()) options.registries.push_back(registry_endpoint_);
    host.boot = [this, options](const Boot& boot) {
        ClientOptions own = options;
        own.id = ClientId(next_client_++);
        return std::make_unique<ClientActor>(std::move(own), boot.start.value());
    };
    const HostId id = world_.add(std::move(host));
    processes_[id] = {id};
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
Shard& SimulatedCluster::shard(HostId shard) {
    return dynamic_cast<Shard&>(world_.actor(shard));
}
ClientActor& SimulatedCluster::client(HostId client) {
    return dynamic_cast<ClientActor&>(world_.actor(client));
}

HostId SimulatedCluster::node_of(HostId shard) const {
    const auto found = node_of_.find(shard);
    return found == node_of_.end() ? shard : found->second;
}

const std::vector<HostId>& SimulatedCluster::process_of(HostId host) const {
    return processes_.at(node_of(host));
}

HostId SimulatedCluster::shard_of(HostId node, PartitionId partition) const {
    const std::vector<HostId>& shards = processes_.at(node);
    return shards[partition.value() % shards.size()];
}

// ---------------------------------------------------------------- processes

void SimulatedCluster::start(HostId host) {
    RINGKV_CHECK(state(host) == HostState::down, "one process a node");
    if (const HostId node = node_of(host); is_node(node)) open_storage(node);
    for (const HostId each : process_of(host)) world_.start(each);
}

void SimulatedCluster::crash(HostId host) {
    for (const HostId each : process_of(host)) world_.crash(each);
}

void SimulatedCluster::lose_power(HostId host, std::size_t spared) {
    for (const HostId each : process_of(host)) world_.lose_power(each, spared);
}

void SimulatedCluster::pause(HostId host) {
    for (const HostId each : process_of(host))
        if (world_.state(each) == HostState::running) world_.pause(each);
}

void SimulatedCluster::resume(HostId host) {
    for (const HostId each : process_of(host))
        if (world_.state(each) == HostState::paused) world_.resume(each);
}

void SimulatedCluster::set_clock_rate(HostId host, double rate) {
    for (const HostId each : process_of(host)) world_.set_clock_rate(each, rate);
}

void SimulatedCluster::stop(HostId node) {
    for (const HostId each : process_of(node))
        if (world_.state(each) == HostState::running)
            world_.input(each, [](Actor& actor, Time now) { dynamic_cast<Shard&>(actor).stop(now); });
}

HostState SimulatedCluster::state(HostId host) const {
    const std::vector<HostId>& process = process_of(host);
    const auto lives = std::find_if(process.begin(), process.end(),
                                    [this](HostId each) { return world_.state(each) != HostState::down; });
    return lives == process.end() ? HostState::down : world_.state(*lives);
}

bool SimulatedCluster::is_ending(HostId node) const {
    const std::vector<HostId>& process = process_of(node);
    return state(node) != HostState::down && std::any_of(process.begin(), process.end(), [this](HostId each) {
               return world_.state(each) == HostState::down;
           });
}

void SimulatedCluster::on_point(std::function<bool(HostId)> hook) {
    world_.on_point([this, hook = std::move(hook)](HostId host) {
        if (!hook(host)) return false;
        for (const HostId each : process_of(host))
            if (each != host) world_.crash(each);
        return true;
    });
}

// ---------------------------------------------------------------- what happens in it

void SimulatedCluster::after_turn(HostId host) {
    if (world_.state(host) == HostState::down) {
        // A shard that has ended, by its own will or with its disk, takes the node with it (node/edge/main.cpp).
        if (node_of_.contains(host)) stop(node_of(host));
        return;
    }
    if (host == registry_) {
        if (rebuilds_) return;
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
            identities_[node_of(host)] = identity;
        keep_log_short(host);
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
    RINGKV_CHECK(state(node) == HostState::down, "its process is gone");
    for (const HostId shard : processes_.at(node)) {
        world_.disk(shard).wipe();
        engine_disks_.erase(shard);
    }
    identities_.erase(node);
}

HostId SimulatedCluster::holder_of(NodeId identity, PartitionId partition) const {
    for (const auto& [node, known] : identities_) {
        if (known.node != identity) continue;
        const HostId shard = shard_of(node, partition);
        if (is_durable(node) || world_.state(shard) != HostState::down) return shard;
    }
    return {};
}

const Replica* SimulatedCluster::replica_of(HostId shard, PartitionId partition) {
    return world_.state(shard) == HostState::down ? nullptr : this->shard(shard).replica(partition);
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
        const bool first = std::none_of(names_.begin(), names_.end(),
                                        [&name = node.name](const auto& it) { return it.second == name; });
        names_[id] = first ? node.name : node.name + "#" + std::to_string(id.value());
    }
}

void SimulatedCluster::administer(AdminAction action, const std::string& node) {
    Administer request;
    request.action = action;
    request.node = node;
    administer(std::move(request));
}

void SimulatedCluster::administer(Administer request) {
    if (world_.state(registry_) != HostState::running || rebuilds_) return;
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
