#include "registry/membership.hpp"

#include <algorithm>
#include <set>

#include "registry/join_rules.hpp"

namespace ringkv::registry {

namespace {

const NodeInfo* find_identity(const ClusterMap& map, const Join& join) {
    for (const auto& [id, node] : map.nodes)
        if (node.name == join.name && node.storage == join.storage) return &node;
    return nullptr;
}

std::string at(const NodeInfo& node) {
    return node.name + " at " + node.endpoints.front();
}

// Longer than a grace: a node that is called down has lost its leases and promises long ago.
Duration silence_of_the_dead(const LeaseSettings& lease) {
    return std::max<Duration>(2 * lease.grace, std::chrono::milliseconds(1500));
}

// All nodes are looked through: not in each of a thousand turns a second.
constexpr Duration look_interval = std::chrono::milliseconds(10);

}  // namespace

Membership::Membership(Publication& publication) : publication_(publication) {}

void Membership::begin(Time now) {
    began_ = now;
    last_ticket_ = static_cast<std::uint64_t>(now.time_since_epoch().count());  // higher than before a restart
    for (const auto& [id, node] : publication_.map().nodes) {
        heard_[id] = now;
        if (node.state == NodeState::up || node.state == NodeState::stopping) unheard_.insert(id);
    }
}

bool Membership::has_heard_around(Time now) const {
    return unheard_.empty() || now - began_ > publication_.map().settings.lease.grace;
}

bool Membership::heard_within(NodeId node, Time now, Duration within) const {
    const auto heard = heard_.find(node);
    return heard != heard_.end() && now - heard->second <= within;
}

std::optional<Time> Membership::heard(NodeId node) const {
    const auto heard = heard_.find(node);
    return heard == heard_.end() ? std::nullopt : std::optional(heard->second);
}

std::optional<std::uint32_t> Membership::minor_version(NodeId node) const {
    const auto known = minors_.find(node);
    return known == minors_.end() ? std::nullopt : std::optional(known->second);
}

bool Membership::live(NodeId node, Time now, Duration within) const {
    return publication_.map().is_up(node) && heard_within(node, now, within);
}

std::optional<std::string> Membership::conflict(const Join& join) const {
    for (const auto& [id, node] : publication_.map().nodes) {
        if (node.name == join.name || node.state == NodeState::gone) continue;
        if (node.storage == join.storage)
            return "the data directory of " + join.name + " belongs to " + at(node) +
                   "; a node keeps its name: put it back, or give " + join.name + " an empty data_dir";
        if (const std::string* endpoint = shared_endpoint(node.endpoints, join.endpoints); endpoint != nullptr)
            return join.name + " wants " + *endpoint + ", which " + node.name + " has; give it another port";
    }
    return std::nullopt;
}

void Membership::join(Time now, const Origin& from, const Join& join) {
    if (const auto text = conflict(join)) return publication_.refuse_join(now, from, join, false, *text);
    const ClusterMap& map = publication_.map();
    if (const NodeInfo* known = find_identity(map, join); known != nullptr) return join_again(now, from, join, *known);
    if (!join.id.none())
        return publication_.refuse_join(now, from, join, false,
                                        "the data of " + join.name + " belongs to node " +
                                            std::to_string(join.id.value()) +
                                            ", which was replaced and forgotten; empty its data_dir to join anew");
    if (map.nodes.size() >= max_nodes)
        return publication_.refuse_join(now, from, join, true, "the cluster has as many nodes as it can have");
    if (const NodeInfo* holder = map.find(join.name); holder != nullptr)
        return join_with_new_storage(now, from, join, *holder);
    if (is_fresh(from, join)) add(now, from, join);
}

bool Membership::is_fresh(const Origin& from, const Join& join) {
    const auto given = tickets_.find(join.storage);
    if (given != tickets_.end() && join.ticket == given->second) {
        tickets_.erase(given);
        return true;
    }
    if (tickets_.size() >= max_nodes) tickets_.clear();  // a node that still wants to join asks for another
    const std::uint64_t ticket = ++last_ticket_;
    tickets_[join.storage] = ticket;
    publication_.send(from, JoinRefused{true, "to join as a new node, ask again with this ticket", ticket});
    return false;
}

void Membership::join_again(Time now, const Origin& from, const Join& join, const NodeInfo& known) {
    if (known.state == NodeState::gone)
        return publication_.refuse_join(
            now, from, join, false,
            "the data of " + join.name + " at " + join.endpoints.front() +
                " was replaced by a newer one of that name; empty its data_dir to join anew");
    if (join.start < known.start)
        return publication_.refuse_join(now, from, join, false,
                                        "this start of " + join.name + " was superseded by a later one", true);
    // A process that knows that it is a member says so (the header names it). One that does not know it, though that
    // start has spoken as a member, is another one.
    const auto spoken = spoken_.find(known.id);
    if (from.node.none() && spoken != spoken_.end() && spoken->second == join.start)
        return publication_.refuse_join(now, from, join, false,
                                        join.name + " was here in that start already: the data at " +
                                            join.endpoints.front() + " is an older copy, of the start before",
                                        true);
    NodeInfo node = to_node(known.id, join);
    node.duty = known.duty;
    node.evicted = known.evicted;
    // A repeated join of the same start does not undo that it was asked to stop.
    if (join.start == known.start && known.state == NodeState::stopping) node.state = NodeState::stopping;
    heard_[node.id] = now;
    minors_[node.id] = from.minor;
    if (node != known) {
        publication_.put(node);
        publication_.log_when_durable(LogLevel::info, node.name + " has joined again",
                                      {{"node", node.name}, {"address", node.endpoints.front()}});
    }
    publication_.welcome(from, node.id);
}

void Membership::join_with_new_storage(Time now, const Origin& from, const Join& join, const NodeInfo& holder) {
    const auto heard = heard_.find(holder.id);
    const bool answers = heard != heard_.end() && now - heard->second <= publication_.map().settings.lease.grace;
    if (answers)
        return publication_.refuse_join(now, from, join, holder.endpoints.front() == join.endpoints.front(),
                                        "the name " + holder.name + " is held by a live node at " +
                                            holder.endpoints.front() +
                                            "; give this one another name, or stop that one first");
    if (!is_fresh(from, join)) return;
    const NodeInfo old = holder;
    NodeInfo node = add(now, from, join);
    if (old.duty != NodeDuty::hold) {  // what was asked of the name holds for its new storage
        node.duty = old.duty;
        publication_.put(node);
    }
    set_state(old, NodeState::gone);
    replace_in_targets(old.id, node.id);
    heard_.erase(old.id);
    spoken_.erase(old.id);
    unheard_.erase(old.id);
    warn_of_lost_partitions(old.id);
    forget_unreferenced();
}

void Membership::warn_of_lost_partitions(NodeId ended) {
    const auto& map = publication_.map();
    const auto is_gone = [&](NodeId id) {
        const NodeInfo* node = map.find(id);
        return node == nullptr || node->state == NodeState::gone;
    };
    const auto lost = std::count_if(map.partitions.begin(), map.partitions.end(), [&](const PartitionState& state) {
        return state.view.has(ended) && std::all_of(state.view.members.begin(), state.view.members.end(), is_gone);
    });
    if (lost == 0) return;
    publication_.log_when_durable(LogLevel::error, "partitions have lost their last copy: they stay unavailable",
                                  {{"partitions", std::to_string(lost)}});
}

NodeInfo Membership::add(Time now, const Origin& from, const Join& join) {
    const NodeId id = publication_.unused_id();
    NodeInfo node = to_node(id, join);
    publication_.put(node);
    heard_[id] = now;
    minors_[id] = from.minor;
    publication_.log_when_durable(LogLevel::info, join.name + " has joined",
                                  {{"node", join.name},
                                   {"id", std::to_string(id.value())},
                                   {"rack", join.rack},
                                   {"address", join.endpoints.front()}});
    publication_.welcome(from, id);
    return node;
}

void Membership::retire(NodeId id) {
    const NodeInfo node = *publication_.map().find(id);
    set_state(node, NodeState::gone);
    heard_.erase(id);
    spoken_.erase(id);
    unheard_.erase(id);
    forget_unreferenced();
}

void Membership::replace_in_targets(NodeId old_id, NodeId new_id) {
    const auto& partitions = publication_.map().partitions;
    for (std::uint32_t partition = 0; partition < partitions.size(); ++partition) {
        if (!partitions[partition].targets(old_id)) continue;
        PartitionState state = partitions[partition];
        std::replace(state.target.begin(), state.target.end(), old_id, new_id);
        std::erase(state.learners, old_id);
        publication_.put(PartitionId(partition), std::move(state));
    }
}

void Membership::set_state(NodeInfo node, NodeState state) {
    publication_.log_when_durable(state == NodeState::down ? LogLevel::warning : LogLevel::info,
                                  node.name + " is " + std::string(to_string(state)),
                                  {{"node", node.name}, {"id", std::to_string(node.id.value())}});
    node.state = state;
    publication_.put(std::move(node));
}

bool Membership::heartbeat(Time now, const Origin& from, const Heartbeat& heartbeat) {
    const ClusterMap& published = publication_.published();
    const NodeInfo* node = publication_.map().find(heartbeat.node);
    const bool known = node != nullptr && node->state != NodeState::gone && node->start == heartbeat.start;
    publication_.send(from, HeartbeatAnswer{published.generation, published.epoch, known});
    if (!known) return false;
    heard_[node->id] = now;
    spoken_[node->id] = heartbeat.start;
    minors_[node->id] = from.minor;
    unheard_.erase(node->id);
    if (!has_heard_around(now)) return true;  // it will be repeated
    if (heartbeat.stopping && node->state != NodeState::stopping) set_state(*node, NodeState::stopping);
    if (!heartbeat.stopping && node->state == NodeState::down) set_state(*node, NodeState::up);
    return true;
}

void Membership::excuse(Duration stall) {
    began_ += stall;
    for (auto& [node, heard] : heard_) heard += stall;
}

void Membership::tick(Time now) {
    if (now - looked_at_ < look_interval) return;
    looked_at_ = now;
    const Duration silence = silence_of_the_dead(publication_.map().settings.lease);
    std::vector<NodeInfo> silent;
    for (const auto& [id, node] : publication_.map().nodes)
        if ((node.state == NodeState::up || node.state == NodeState::stopping) && now - heard_[id] > silence)
            silent.push_back(node);
    for (const NodeInfo& node : silent) set_state(node, NodeState::down);
}

void Membership::forget_unreferenced() {
    std::set<NodeId> gone;
    for (const auto& [id, node] : publication_.map().nodes)
        if (node.state == NodeState::gone) gone.insert(id);
    if (gone.empty()) return;
    for (const PartitionState& state : publication_.map().partitions) {
        for (NodeId member : state.view.members) gone.erase(member);
        for (NodeId node : state.target) gone.erase(node);
    }
    for (NodeId id : gone) {
        publication_.forget(id);
        minors_.erase(id);
        publication_.log_when_durable(LogLevel::info, "a node that is gone is forgotten",
                                      {{"id", std::to_string(id.value())}});
    }
}

}  // namespace ringkv::registry
