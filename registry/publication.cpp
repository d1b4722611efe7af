#include "registry/publication.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "common/check.hpp"
#include "registry/event_kinds.hpp"

namespace ringkv::registry {

namespace {

void check_nodes(const ClusterMap& map, const std::vector<NodeId>& nodes) {
    for (auto node = nodes.begin(); node != nodes.end(); ++node) {
        RINGKV_CHECK(map.find(*node) != nullptr, "a partition names a node that the map does not have");
        RINGKV_CHECK(std::find(std::next(node), nodes.end(), *node) == nodes.end(), "a partition names a node twice");
    }
}

void check_partition(const ClusterMap& map, const PartitionState& state) {
    RINGKV_CHECK(state.view.has(state.view.primary), "a view whose primary is no member");
    RINGKV_CHECK(state.view.since <= state.view.id, "a term that begins after its view");
    for (const auto* nodes : {&state.view.members, &state.target, &state.learners}) check_nodes(map, *nodes);
    for (NodeId node : state.learners) RINGKV_CHECK(state.targets(node), "a learner that is not in the target");
}

constexpr int maps_a_turn = 8;
// While a sync takes long, proposals are repeated again and again, and each repeat has an answer.
constexpr std::size_t most_waiting = 1000;
constexpr Duration stands_still_after = std::chrono::seconds(1);  // a healthy disk takes milliseconds
constexpr int said_after_a_change = 3;                            // and two of them may be lost
}  // namespace

Publication::Publication(ClusterMap recovered, std::vector<Event> events)
    : map_(recovered), published_(std::move(recovered)), events_(std::move(events)), map_events_(map_) {}

void Publication::put(ClusterSettings settings) {
    RINGKV_CHECK(!map_.formed() || settings.partitions == map_.partitions.size(), "the number of partitions is fixed");
    map_.partitions.resize(settings.partitions);
    map_.settings = std::move(settings);
    if (map_.generation.none()) map_.generation = Generation(1);
    settings_changed_ = true;
    ++changes_;
}

void Publication::put(NodeInfo node) {
    nodes_changed_.insert(node.id);
    const NodeId id = node.id;
    map_.nodes[id] = std::move(node);
    ++changes_;
}

void Publication::put(PartitionId partition, PartitionState state) {
    RINGKV_CHECK(partition.value() < map_.partitions.size(), "no such partition");
    partitions_changed_.insert(partition);
    map_.partitions[partition.value()] = std::move(state);
    ++changes_;
}

void Publication::forget(NodeId node) {
    if (node == map_.nodes.rbegin()->first && node > map_.settings.last_forgotten) {
        map_.settings.last_forgotten = node;
        settings_changed_ = true;
    }
    map_.nodes.erase(node);
    nodes_changed_.insert(node);
    ++changes_;
}

NodeId Publication::unused_id() const {
    const NodeId newest = map_.nodes.empty() ? NodeId() : map_.nodes.rbegin()->first;
    return std::max(newest, map_.settings.last_forgotten).next();
}

void Publication::send(const Origin& to, Message message) {
    // With a ticket it is no refusal: the joiner is to show that it is there.
    if (const auto* refused = std::get_if<JoinRefused>(&message); refused != nullptr && refused->ticket == 0)
        ++counters_.joins_refused;
    sends_.push_back({to.address, to.node, std::move(message)});
}

Publication::Waiting* Publication::waiting() {
    if (changed()) return &gathering_;
    return under_way_ && under_way_->delta ? &under_way_->waiting : nullptr;
}

void Publication::send_when_durable(const Address& address, NodeId to, Message message) {
    Waiting* wait = waiting();
    if (wait != nullptr && wait->sends.size() >= most_waiting) return;
    if (const auto* answer = std::get_if<AdministerAnswer>(&message); answer != nullptr && wait != nullptr)
        wait->administered.insert({address, answer->request});
    (wait != nullptr ? wait->sends : sends_).push_back({address, to, std::move(message)});
}

void Publication::welcome(const Origin& to, NodeId node) {
    ++counters_.joins_accepted;
    Waiting* wait = waiting();
    (wait != nullptr ? wait->welcomes : maps_wanted_)[to.address] = {to.node, node};
}

void Publication::send_snapshot(const Origin& to) {
    maps_wanted_.try_emplace(to.address, Welcome{to.node, std::nullopt});  // a JoinAnswer has the map as well
}

void Publication::send_events(const Origin& to, EventsRequest request) {
    if (events_wanted_.size() >= most_waiting && !events_wanted_.contains(to.address)) return;  // it asks again
    events_wanted_[to.address] = {to.node, std::move(request)};
}

// Names of strangers are not told apart: there may be any number of them.
void Publication::refuse_join(Time now, const Origin& to, const Join& join, bool retry, const std::string& text,
                              bool older_data) {
    log_seldom(now, LogLevel::warning, text);
    const bool known = map_.find(join.name) != nullptr;
    note(now, {.kind = kind::join_refused, .node = known ? join.name : "", .text = "a join was refused: " + text});
    send(to, JoinRefused{retry, text, 0, older_data});
}

void Publication::log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields) {
    log_.push_back({level, std::move(text), std::move(fields)});
}

void Publication::log_seldom(Time now, LogLevel level, const std::string& text) {
    if (repeats_.pass(now, text)) log(level, text);
}

void Publication::log_when_durable(LogLevel level, std::string text,
                                   std::vector<std::pair<std::string, std::string>> fields) {
    Waiting* wait = waiting();
    (wait != nullptr ? wait->log : log_).push_back({level, std::move(text), std::move(fields)});
}

bool Publication::stands_still(Time now) const {
    return under_way_ && now - under_way_->begun > stands_still_after;
}

bool Publication::owes(const Address& address, RequestId request) const {
    const std::pair answer{address, request};
    return gathering_.administered.contains(answer) ||
           (under_way_ && under_way_->waiting.administered.contains(answer));
}

bool Publication::crowded() const {
    return gathering_.sends.size() >= most_waiting || (under_way_ && under_way_->waiting.sends.size() >= most_waiting);
}

void Publication::tick(Time now) {
    now_ = now;
    events_.tick(now);
    if (!published_.formed()) return;
    const LeaseSettings& lease = published_.settings.lease;
    const Duration interval = say_again_ > 0 ? Duration(lease.beacon) : std::max(lease.beacon, lease.grace / 2);
    if (now - said_at_ < interval) return;
    said_at_ = now;
    if (say_again_ > 0) --say_again_;
    sends_.push_back({Address::all_subscribers(), {}, CurrentEpoch{published_.generation, published_.epoch}});
}

void Publication::durable(BatchNumber number) {
    if (!under_way_ || number < under_way_->number) return;
    UnderWay done = std::move(*under_way_);
    under_way_.reset();
    events_.stored(done.events);
    if (done.delta) published(std::move(*done.delta), std::move(done.waiting));
}

void Publication::published(MapDelta delta, Waiting waiting) {
    RINGKV_CHECK(published_.apply(delta) == ClusterMap::Applied::yes, "a batch follows on what is published");
    const std::string epoch = std::to_string(delta.epoch.value());
    for (LogLine& line : waiting.log) line.fields.emplace_back("epoch", epoch);
    sends_.push_back({Address::all_subscribers(), {}, std::move(delta)});
    say_again_ = said_after_a_change;
    release(std::move(waiting));
}

void Publication::release(Waiting waiting) {
    std::move(waiting.sends.begin(), waiting.sends.end(), std::back_inserter(sends_));
    std::move(waiting.log.begin(), waiting.log.end(), std::back_inserter(log_));
    for (const auto& [address, welcome] : waiting.welcomes) maps_wanted_[address] = welcome;
}

MapDelta Publication::take_delta() {
    map_.epoch = map_.epoch.next();
    MapDelta delta{map_.generation, map_.epoch, {}, {}, {}, {}};
    if (settings_changed_) delta.settings = map_.settings;
    for (NodeId id : nodes_changed_) {
        if (const NodeInfo* node = map_.find(id); node != nullptr)
            delta.nodes.push_back(*node);
        else if (published_.find(id) != nullptr)
            delta.forgotten.push_back(id);
    }
    delta.partitions.reserve(partitions_changed_.size());
    for (PartitionId partition : partitions_changed_) delta.partitions.push_back({partition, map_.at(partition)});
    settings_changed_ = false;
    nodes_changed_.clear();
    partitions_changed_.clear();
    return delta;
}

void Publication::start_batch(Effects& effects) {
    if (under_way_) return;
    std::optional<MapDelta> delta;
    if (changed()) {
        delta = take_delta();
        map_events_.note(events_, {now_, published_, *delta, map_});
    } else if (!events_.waits_for_long(now_)) {
        return;
    }
    std::vector<Event> events = events_.take_unstored();
    last_batch_ = last_batch_.next();
    under_way_ = UnderWay{last_batch_, std::move(delta), {}, std::exchange(gathering_, {}), now_};
    under_way_->events = events.empty() ? events_.newest_stored() : events.back().id;
    effects.number = last_batch_;
    if (!events.empty()) effects.batch.emplace_back(EventsRecord{std::move(events)});
    if (under_way_->delta) effects.batch.emplace_back(*under_way_->delta);
}

// A whole map costs as much as thousands of changes: a few in a turn, and the others in later ones.
void Publication::send_maps(std::vector<Outgoing>& sends) {
    for (int sent = 0; sent < maps_a_turn && !maps_wanted_.empty(); ++sent) {
        auto next = maps_wanted_.upper_bound(last_served_);
        if (next == maps_wanted_.end()) next = maps_wanted_.begin();
        const auto& [address, welcome] = *next;
        if (welcome.node)
            sends.push_back({address, welcome.to, JoinAnswer{*welcome.node, published_.settings.id, published_}});
        else
            sends.push_back({address, welcome.to, MapSnapshot{published_}});
        last_served_ = address;
        maps_wanted_.erase(next);
    }
}

void Publication::send_wanted_events(std::vector<Outgoing>& sends) {
    for (int sent = 0; sent < maps_a_turn && !events_wanted_.empty(); ++sent) {
        auto wanted = events_wanted_.extract(events_wanted_.begin());
        const auto& [node, request] = wanted.mapped();
        sends.push_back({wanted.key(), node, events_.answer(request)});
    }
}

Effects Publication::take_effects() {
    Effects effects;
    effects.sends = std::exchange(sends_, {});
    effects.log = std::exchange(log_, {});
    send_maps(effects.sends);
    send_wanted_events(effects.sends);
    start_batch(effects);
    return effects;
}

void Publication::check_invariants() const {
    RINGKV_CHECK(!published_.newer_than(map_), "more is published than there is");
    RINGKV_CHECK(!under_way_ || !under_way_->delta || under_way_->delta->epoch == published_.epoch.next(),
                 "an epoch is left out");
    events_.check_invariants();
    std::set<std::string_view> names;
    for (const auto& [id, node] : map_.nodes) {
        RINGKV_CHECK(id == node.id && id < unused_id(), "a node under another id than its own");
        RINGKV_CHECK(node.state == NodeState::gone || names.insert(node.name).second, "two nodes of one name");
    }
    for (const PartitionState& state : map_.partitions) check_partition(map_, state);
}

}  // namespace ringkv::registry
