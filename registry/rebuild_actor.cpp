#include "registry/rebuild_actor.hpp"

#include <algorithm>

#include "common/check.hpp"
#include "common/message_groups.hpp"
#include "common/partitioning.hpp"
#include "common/protocol_version.hpp"
#include "registry/event_kinds.hpp"
#include "registry/map_change.hpp"
#include "registry/settings.hpp"

namespace ringkv {

namespace {

// Shards that do not speak for their node ask for the map when they hear that there is a newer one.
constexpr Duration between_publications = std::chrono::milliseconds(100);
constexpr Duration between_lines = std::chrono::seconds(5);
constexpr Duration between_looks = std::chrono::seconds(1);  // at what is missing, while no shard reports
constexpr Duration silence = std::chrono::seconds(5);        // of a node that is given up
// The lost registry may have given ids that no node which reports has heard of.
constexpr std::uint32_t ids_left_out = 1000;
const std::string holder_of_lost = "lost-partitions";
constexpr std::uint64_t highest_generation = std::uint64_t{1} << 61U;

}  // namespace

RebuildActor::RebuildActor(RebuildOptions options, Uuid rebuild, Generation last)
    : options_(std::move(options)), last_(last), fence_{{}, rebuild} {}

void RebuildActor::log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields) {
    effects_.log.push_back({level, std::move(text), std::move(fields)});
}

// ---------------------------------------------------------------- what nodes say

void RebuildActor::receive(Time now, const Origin& from, Message message) {
    if (made() || failure_) return;
    std::visit(
        [&]<class M>(M& content) {
            if constexpr (OneOf<M, Join, Heartbeat, MapRequest, RebuildReport>)
                handle(now, from, content);
            else if constexpr (ClientRequest<M> || OperatorOfRegistry<M> || OperatorOfNode<M>)
                refuse(from);
            else
                static_assert(RegistryRequest<M> || RegistryAnswer<M> || ClientAnswer<M> || MapAnswer<M> ||
                                  PeerMessage<M> || OperatorAnswer<M> || OneOf<M, MapDelta, FrameRefused>,
                              "say what a rebuild does with this message");  // repeated, or nothing to it
        },
        message);
}

void RebuildActor::refuse(const Origin& to) {
    effects_.sends.push_back(
        {to.address, to.node, FrameRefused{ErrorCode::unavailable, "the registry is being rebuilt"}});
}

void RebuildActor::ask(const Origin& from) {
    if (fence_.generation.none() || fence_batch_ > durable_ || done_.contains(from.address)) return;
    effects_.sends.push_back({from.address, from.node, RebuildRequest{fence_, whole_.generation, whole_.epoch}});
}

bool RebuildActor::of_the_cluster(Time now, Uuid theirs, const std::string& name) {
    if (theirs.none()) return false;  // blank: it knows nothing
    if (cluster_.none()) cluster_ = theirs;
    if (cluster_ == theirs) return true;
    const std::string text = name + " is of cluster " + theirs.to_string() + ", and those heard before are of " +
                             cluster_.to_string() + ": it is left out; check which registry it is pointed to";
    if (repeats_.pass(now, text)) log(LogLevel::error, text);
    return false;
}

// A node that waits to be let in: it has started again, or has not heard yet that it was. Its other shards ask for the
// map.
void RebuildActor::handle(Time now, const Origin& from, const Join& join) {
    if (!join.cluster.none()) {
        if (!of_the_cluster(now, join.cluster, join.name)) return;
        heard_[join.id] = now;
        raise_above(Generation(1));
    }
    ask(from);
}

void RebuildActor::handle(Time now, const Origin& from, const Heartbeat& heartbeat) {
    if (!of_the_cluster(now, from.cluster, name_of(heartbeat.node))) return;
    heard_[heartbeat.node] = now;
    if (from.minor < minor_with_rebuild) {
        const std::string text = name_of(heartbeat.node) +
                                 " is of an older release, which cannot tell what it knows; " +
                                 "start it with this release";
        if (repeats_.pass(now, text)) log(LogLevel::error, text);
        return;
    }
    raise_above(heartbeat.generation);
    ask(from);
}

void RebuildActor::handle(Time, const Origin& from, const MapRequest&) {
    if (from.node.none())  // a client, or a shard of a node that has started again
        refuse(from);
    ask(from);
}

BatchNumber RebuildActor::put(StorageBatch records) {
    if (effects_.batch.empty()) effects_.number = last_batch_ = last_batch_.next();
    std::move(records.begin(), records.end(), std::back_inserter(effects_.batch));
    return effects_.number;
}

void RebuildActor::raise_above(Generation generation) {
    if (generation < fence_.generation || generation.value() > highest_generation) return;
    fence_.generation = std::max(generation, last_).next();
    fence_batch_ = put({FenceRecord{fence_}});
    reported_.clear();
    done_.clear();
}

void RebuildActor::handle(Time now, const Origin& from, RebuildReport& report) {
    if (!report.cluster.none() && !of_the_cluster(now, report.cluster, "a node")) return;
    if (report.fence != fence_) return raise_above(report.fence.generation);
    if (!report.map.nodes.empty() && report.map.settings.id == cluster_) take_map(std::move(report.map));
    if (!from.node.none()) storages_.insert_or_assign(from.node, report.storage);
    for (const KnownView& known : report.views) {
        if (known.partition.value() >= max_partitions) continue;
        if (known.partition.value() >= told_.size()) told_.resize(known.partition.value() + 1);
        Told& told = told_[known.partition.value()];
        if (known.view.id > told.view.id) told = {known.view, {}, told.begins};
        if (known.view.id == told.view.id) told.proposed.insert(known.proposed.begin(), known.proposed.end());
        told.begins = std::max(told.begins, known.view.begins);
    }
    Reported& of_node = reported_[report.storage];
    of_node.of = report.shards;
    of_node.shards.insert(report.shard);
    done_.insert(from.address);
    changed_ = true;
    if (const std::string name = name_of(report.storage); of_node.wholly() && !name.empty())
        log(LogLevel::info, name + " has reported", {{"node", name}});
}

void RebuildActor::take_map(ClusterMap map) {
    if (auto agreed = registry::check_settings(map.settings, options_.settings); !agreed) {
        failure_ = agreed.error();
        return;
    }
    if (map.formed() && map.partitions.size() != map.settings.partitions) return;
    for (const auto& [id, node] : map.nodes) storages_.insert_or_assign(id, node.storage);
    if (map.newer_than(newest_)) newest_ = {map.generation, map.epoch, map.settings, map.nodes, {}};
    if (map.formed() && map.newer_than(whole_)) whole_ = std::move(map);
}

// ---------------------------------------------------------------- what is known by now

const View& RebuildActor::view_of(std::uint32_t partition) const {
    static const View none;
    const View& told = partition < told_.size() ? told_[partition].view : none;
    const View& published = partition < whole_.partitions.size() ? whole_.partitions[partition].view : none;
    return told.id > published.id ? told : published;
}

std::set<NodeId> RebuildActor::must_report(std::uint32_t partition) const {
    const View& view = view_of(partition);
    std::set<NodeId> nodes(view.members.begin(), view.members.end());
    if (partition < told_.size() && told_[partition].view.id == view.id)
        nodes.insert(told_[partition].proposed.begin(), told_[partition].proposed.end());
    return nodes;
}

std::string RebuildActor::name_of(NodeId node) const {
    const NodeInfo* info = newest_.find(node);
    return info == nullptr ? "node " + std::to_string(node.value()) : info->name;
}

std::string RebuildActor::name_of(Uuid storage) const {
    const auto found = std::find_if(storages_.begin(), storages_.end(),
                                    [storage](const auto& item) { return item.second == storage; });
    return found == storages_.end() ? "" : name_of(found->first);
}

bool RebuildActor::is_lost(std::uint32_t partition) const {
    return now_ - *began_ >= silence && options_.lost && options_.lost(PartitionId(partition));
}

bool RebuildActor::given_up(const NodeInfo& node) const {
    const auto heard = heard_.find(node.id);
    const Time silent_since = heard == heard_.end() ? *began_ : heard->second;
    return now_ - silent_since >= silence && options_.given_up && options_.given_up(node);
}

// One that no map which was told names: it joined last, and a view with it is known already.
NodeInfo RebuildActor::unknown(NodeId node) const {
    NodeInfo info;
    info.id = node;
    info.name = name_of(node);
    info.state = NodeState::gone;
    return info;
}

bool RebuildActor::counts_as_reported(NodeId node) const {
    if (has_reported(node)) return true;
    const NodeInfo* info = newest_.find(node);  // none: the map that names it may be still to come
    return given_up(info == nullptr ? unknown(node) : *info);
}

bool RebuildActor::has_reported(NodeId node) const {
    const auto storage = storages_.find(node);
    const auto found = storage == storages_.end() ? reported_.end() : reported_.find(storage->second);
    return found != reported_.end() && found->second.wholly();
}

std::set<std::string> RebuildActor::reported() const {
    std::set<std::string> names;
    for (const auto& [storage, shards] : reported_)
        if (const std::string name = name_of(storage); shards.wholly() && !name.empty()) names.insert(name);
    return names;
}

std::map<std::string, std::size_t> RebuildActor::missing() const {
    std::map<std::string, std::size_t> names;
    if (newest_.nodes.empty()) return names;  // not even how many partitions there are
    std::size_t unsure = 0;                   // partitions of which a node is given up that may have known more
    for (std::uint32_t p = 0; p < newest_.settings.partitions; ++p) {
        bool sure = true;
        if (view_of(p).id.none()) {
            sure = false;
            if (!is_lost(p)) ++names["nodes that have them"];
        }
        for (NodeId node : must_report(p)) {
            const bool counts = counts_as_reported(node);
            if (!counts) ++names[name_of(node)];
            sure = sure && (!counts || has_reported(node));
        }
        unsure += sure ? 0 : 1;
    }
    // Members of the view before a partition was begun anew know nothing of that: any node may.
    const std::size_t waiting = newest_.settings.partitions_reset ? newest_.settings.partitions : unsure;
    if (waiting == 0) return names;
    for (const auto& [id, node] : newest_.nodes)
        if (node.state != NodeState::gone && !counts_as_reported(id)) names.try_emplace(node.name, waiting);
    return names;
}

void RebuildActor::tell_progress(Time now) {
    if (now - std::max(told_at_, *began_) < between_lines) return;
    told_at_ = now;
    if (newest_.nodes.empty()) {
        if (cluster_.none())
            log(LogLevel::info, "no node has been heard of yet: they must be able to reach this registry");
        else
            log(LogLevel::warning, "no node that was heard of has told the cluster's map yet");
        return;
    }
    std::string text;
    for (const auto& [name, partitions] : missing())
        text += (text.empty() ? "" : ", ") + name + " (" + registry::counted(partitions, "partition") + ")";
    log(LogLevel::info, "waits for " + text +
                            ": start it with its data; of a node that is stopped for good, and its data lost, say "
                            "--without NAME");
}

// ---------------------------------------------------------------- the end

void RebuildActor::store(Time now) {
    MapDelta delta;
    delta.generation = fence_.generation;
    delta.epoch = newest_.epoch.next();
    delta.settings = newest_.settings;
    std::map<NodeId, NodeInfo> nodes = newest_.nodes;
    for (std::uint32_t p = 0; p < newest_.settings.partitions; ++p)
        for (NodeId member : view_of(p).members) nodes.try_emplace(member, unknown(member));
    const NodeId highest = std::max(newest_.settings.last_forgotten, nodes.rbegin()->first);
    delta.settings->last_forgotten = NodeId(highest.value() + ids_left_out);
    NodeInfo nobody = unknown(highest.next());
    nobody.name = holder_of_lost;
    std::uint32_t lost = 0;
    const auto is_unknown = [&nodes](NodeId node) { return !nodes.contains(node); };
    for (std::uint32_t p = 0; p < newest_.settings.partitions; ++p) {
        PartitionState state;
        if (whole_.formed()) state = whole_.partitions.at(p);
        state.view = view_of(p);
        if (state.view.id.none()) {
            ++lost;
            state.view = {{}, {}, nobody.id, {nobody.id}, false};
        }
        std::erase_if(state.target, is_unknown);
        std::erase_if(state.learners, is_unknown);
        if (state.target.empty()) state.target = state.view.members;  // the planner makes of it what it should be
        // The same view in all but its number: the primary goes on in its term, if it is there.
        state.view.id = {fence_.generation, state.view.id.number.next()};
        state.view.leadership_transferred = false;
        if (p < told_.size()) state.view.begins = std::max(state.view.begins, told_[p].begins);
        if (state.view.since.none()) state.view.since = state.view.id;
        delta.partitions.push_back({PartitionId(p), std::move(state)});
    }
    if (lost > 0) {
        nodes.emplace(nobody.id, nobody);
        log(LogLevel::error, registry::counted(lost, "partition") + " have no copy that any node knows of");
    }
    for (auto& [id, node] : nodes) delta.nodes.push_back(std::move(node));
    RINGKV_CHECK(rebuilt_.apply(delta) == ClusterMap::Applied::yes, "the first epoch of a generation");
    Event event;
    event.id = EventId(1);
    event.time = now.time_since_epoch() + clock_;
    event.epoch = delta.epoch;
    event.kind = registry::kind::registry_rebuilt;
    event.text = "the registry's state was lost, and is rebuilt from what the nodes know, as generation " +
                 std::to_string(delta.generation.value());
    map_batch_ = put({EventsRecord{{std::move(event)}}, std::move(delta)});
}

void RebuildActor::tick(Time now) {
    now_ = now;
    if (!began_) began_ = now;
    if (made() || failure_) return;
    if (!newest_.nodes.empty() && (changed_ || now - looked_at_ >= between_looks)) {
        changed_ = false;
        looked_at_ = now;
        if (missing().empty()) return store(now);
    }
    tell_progress(now);
    if (fence_.generation.none() || fence_batch_ > durable_) return;
    if (published_at_ && now - *published_at_ < between_publications) return;
    published_at_ = now;
    effects_.sends.push_back({Address::all_subscribers(), {}, CurrentEpoch{fence_.generation, Epoch(0)}});
}

void RebuildActor::durable(Time, BatchNumber number) {
    durable_ = number;
}

Effects RebuildActor::take_effects() {
    return std::exchange(effects_, {});
}

}  // namespace ringkv
