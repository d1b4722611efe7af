#include "local/members.hpp"

#include <algorithm>

#include "common/edge/system/clock.hpp"
#include "common/placement/planning.hpp"

namespace ringkv::local {

// No node can have one of these: nodes listen on port 1.
const std::string registry_endpoint = "tcp://registry:2";

namespace {

const std::string publisher_endpoint = "tcp://registry:3";
constexpr Duration first_heartbeat = std::chrono::milliseconds(30);  // after formation
constexpr std::uint64_t no_throttle = std::uint64_t{1} << 40U;       // bytes a second

RegistryOptions registry_options(const LocalClusterOptions& options) {
    RegistryOptions registry;
    registry.form_with = 1;
    registry.quiet = Duration::zero();
    ClusterSettings& settings = registry.settings;
    settings.cluster = "local";
    settings.partitions = options.partitions;
    settings.replication = options.replication;
    settings.publish = publisher_endpoint;
    // All share one clock and one thread, so that no living node is ever silent.
    settings.lease.beacon = std::chrono::milliseconds(20);
    settings.lease.duration = std::chrono::milliseconds(100);
    settings.lease.grace = std::chrono::milliseconds(200);
    settings.pace.repair_after = Duration::zero();  // a node that is down does not come back
    settings.pace.max_bytes_per_second = no_throttle;
    settings.pace.max_moves_per_node = 64;
    settings.pace.max_moves_per_second = Pace::most_moves_per_second;
    return registry;
}

Error no_such_node(const std::string& name) {
    return {ErrorCode::invalid_argument, "there is no node " + name};
}

}  // namespace

Members::Members(const LocalClusterOptions& options, Network& network)
    : network_(network),
      placement_(ClusterSettings().vnodes),
      registry_(registry_options(options), placement_, {}, random_uuid()),
      operator_(registry_endpoint) {
    network_.add({"registry", registry_endpoint, publisher_endpoint}, registry_);
    operator_host_ = network_.add({"operator", {}, {}}, operator_);
}

Operator& Members::desk() {
    network_.touch(operator_host_);
    return operator_;
}

std::vector<std::string> Members::names() const {
    std::vector<std::string> names;
    for (const auto& [name, node] : nodes_) names.push_back(name);
    return names;
}

Members::Node* Members::find(const std::string& name) const {
    const auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : found->second.get();
}

Result<Members::Node*> Members::must_find(const std::string& name) const {
    if (Node* node = find(name); node != nullptr) return node;
    return no_such_node(name);
}

Size Members::size_of(NodeId id, PartitionId partition) const {
    Size size;
    for (const auto& [name, node] : nodes_) {
        if (node->shard->identity().node != id) continue;
        std::optional<std::string> after;
        for (bool more = true; more;) {
            const ScanPart part = node->engine.scan(partition, {{}, after, 0, std::size_t{64} << 10U, false});
            for (const KeyRecord& record : part.records) size.bytes += record.key.size() + record.value.size();
            size.keys += part.records.size();
            more = part.more && !part.records.empty();
            if (more) after = part.records.back().key;
        }
    }
    return size;
}

// ---------------------------------------------------------------- joining

Result<void> Members::start(const std::string& name, const std::string& rack, double weight) {
    if (find(name) != nullptr)
        return Error(ErrorCode::invalid_argument, "there is a node " + name + " already; give this one another name");
    NodeDescription self;
    self.name = name;
    self.rack = rack;
    self.weight = weight;
    self.registries = {registry_endpoint};
    self.endpoints = {"tcp://" + name + ":1"};
    self.storage = random_uuid();
    self.start = StartNumber(++starts_);
    auto node = std::make_unique<Node>();
    node->shard = std::make_unique<Shard>(self, 0, Limits(), node->engine, node->commit_rule, node->succession_rule);
    node->host = network_.add({name, self.endpoints.front(), {}}, *node->shard);
    nodes_.emplace(name, std::move(node));
    return {};
}

Progress Members::has_joined(Time now, const std::string& name) const {
    const auto node = must_find(name);
    if (!node) return Error(ErrorCode::unavailable, name + " was killed while it joined");
    const Shard& shard = *(*node)->shard;
    if (!shard.joined() && shard.refusal()) return Error(ErrorCode::invalid_argument, *shard.refusal());
    if (!shard.joined()) return std::nullopt;
    const NodeInfo* info = map().find(shard.identity().node);
    if (info == nullptr || !info->up()) return std::nullopt;
    // The registry admits no node before it has heard of those at formation, and a node refused asks again late.
    if (!formed_at_ || now - *formed_at_ < first_heartbeat) return std::nullopt;
    return Result<void>();
}

bool Members::is_drained(const std::string& name) const {
    const NodeInfo* info = map().find(std::string_view(name));
    return info != nullptr && info->duty != NodeDuty::hold;
}

// ---------------------------------------------------------------- leaving

Result<void> Members::begin_removal(const std::string& name) {
    const auto node = must_find(name);
    if (!node) return node.error();
    if ((*node)->leaving) return Error(ErrorCode::invalid_argument, name + " is being removed already");
    if (!(*node)->shard->joined()) return Error(ErrorCode::invalid_argument, name + " has not joined yet");
    const auto others = std::count_if(nodes_.begin(), nodes_.end(), [&](const auto& other) {
        return other.first != name && !other.second->leaving && other.second->shard->joined();
    });
    if (others == 0)
        return Error(ErrorCode::refused, name +
                                             " is the last node, and all data would go with it: add another one "
                                             "first, or kill_node it if that is meant");
    (*node)->leaving = true;
    return {};
}

void Members::cancel_removal(const std::string& name) {
    if (Node* node = find(name); node != nullptr) node->leaving = false;
}

void Members::stop(Time now, Node& node) {
    node.stopping = true;
    node.shard->stop(now);
    network_.touch(node.host);
}

Progress Members::stop_when_empty(Time now, const std::string& name) {
    const auto node = must_find(name);
    if (!node) return node.error();
    if (partitions_at(map(), (*node)->shard->identity().node) != 0) return std::nullopt;
    stop(now, **node);
    return Result<void>();
}

// Will that node be there, unless it is killed, after all that stop now have stopped?
bool Members::stays(NodeId id) const {
    return std::any_of(nodes_.begin(), nodes_.end(), [id](const auto& node) {
        return node.second->shard->identity().node == id && !node.second->stopping;
    });
}

bool Members::is_spared(NodeId id) const {
    return std::all_of(map().partitions.begin(), map().partitions.end(), [&](const PartitionState& state) {
        if (!state.view.has(id)) return true;
        const auto other = [&](NodeId node) { return node != id && stays(node); };
        const bool awaited = std::any_of(state.target.begin(), state.target.end(),
                                         [&](NodeId node) { return other(node) && !state.view.has(node); });
        return !awaited && std::any_of(state.view.members.begin(), state.view.members.end(), other);
    });
}

Progress Members::stop_when_spared(Time now, const std::string& name) {
    const auto node = must_find(name);
    if (!node) return node.error();
    // Looked at and stopped in one go: two that stop together do not count on each other.
    if (!is_spared((*node)->shard->identity().node)) return std::nullopt;
    stop(now, **node);
    return Result<void>();
}

Progress Members::has_stopped(const std::string& name) const {
    if (find(name) != nullptr) return std::nullopt;
    return Result<void>();
}

Result<void> Members::kill(const std::string& name) {
    if (find(name) == nullptr) return no_such_node(name);
    take_out(name);
    return {};
}

void Members::take_out(const std::string& name) {
    const auto found = nodes_.find(name);
    network_.remove(found->second->host);
    if (const NodeId id = found->second->shard->identity().node; !id.none()) departed_.emplace(id, name);
    nodes_.erase(found);
}

// ---------------------------------------------------------------- as time goes by

std::size_t Members::unsettled(Settled what) const {
    const auto settled = [what](const PartitionState& state) {
        const std::vector<NodeId>& members = state.view.members;
        return !state.target.empty() && (what == Settled::copies || state.view.primary == state.target.front()) &&
               std::is_permutation(members.begin(), members.end(), state.target.begin(), state.target.end());
    };
    const auto& partitions = map().partitions;
    return partitions.size() - static_cast<std::size_t>(std::count_if(partitions.begin(), partitions.end(), settled));
}

void Members::after_round(Time now) {
    if (!formed_at_ && map().formed()) formed_at_ = now;
    std::vector<std::string> finished;
    for (const auto& [name, node] : nodes_)
        if (node->shard->finished()) finished.push_back(name);
    for (const std::string& name : finished) take_out(name);
    if (!departed_.empty()) tell_registry();
}

// No node comes back here. So one that is down is asked to leave, and is forgotten when its copies are elsewhere; and
// copies are made although most nodes are down, which a real cluster would wait for.
void Members::tell_registry() {
    std::erase_if(departed_, [&](const auto& node) {
        const NodeInfo* info = map().find(node.first);
        return info == nullptr || info->state == NodeState::gone;
    });
    if (asked_) return;
    const auto ask = [this](AdminAction action, const std::string& name) {
        asked_ = true;
        desk().ask(action, name, [this](const AdministerAnswer&) { asked_ = false; });
    };
    for (const auto& [id, name] : departed_) {
        // By name, so only while the name is still that of this identity.
        const NodeInfo* newest = map().find(std::string_view(name));
        if (newest != nullptr && newest->id == id && newest->state == NodeState::down &&
            newest->duty != NodeDuty::leave)
            return ask(AdminAction::remove, name);
    }
    if (!departed_.empty() && repair_frozen(map())) ask(AdminAction::resume_repair, {});
}

}  // namespace ringkv::local
