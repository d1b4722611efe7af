#include "tests/cluster/nemesis_faults.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <iomanip>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/cluster/raw_client.hpp"

namespace ringkv::testing {

namespace {

using namespace std::chrono_literals;

constexpr milliseconds lease{400};
constexpr std::size_t events_kept = 400;

constexpr std::array<std::string_view, kinds_of_faults> fault_names{
    "kill node",      "stop node", "pause node",  "kill registry",          "stop registry",
    "pause registry", "cut pair",  "cut one way", "cut node from registry", "cut clients from a party",
    "isolate node",   "split"};

NodeId newest_of(const ClusterMap& map, const std::string& name) {
    const NodeInfo* node = map.find(name);
    return node == nullptr ? NodeId() : node->id;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

std::string seconds_of(milliseconds time) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(3) << static_cast<double>(time.count()) / 1000 << " s";
    return text.str();
}

std::string describe(const ClusterMap& map, unsigned replication) {
    std::string text = "epoch " + std::to_string(map.epoch.value()) + ";";
    for (const auto& [id, node] : map.nodes)
        text += " " + node.name + "=" + std::to_string(id.value()) + " " + std::string(to_string(node.state)) + ";";
    for (std::size_t p = 0; p < map.partitions.size(); ++p) {
        const View& view = map.partitions[p].view;
        if (view.members.size() >= replication) continue;
        text += " partition " + std::to_string(p) + " " + view.id.to_string() + " has only";
        for (const NodeId id : view.members) text += " " + std::to_string(id.value());
        text += ";";
    }
    return text;
}

}  // namespace

std::string_view name_of(Fault fault) {
    return fault_names.at(static_cast<std::size_t>(fault));
}

Nemesis::Nemesis(ProcessCluster& cluster, std::vector<std::string> nodes, unsigned replication, Links* links,
                 std::uint64_t seed)
    : cluster_(cluster), nodes_(std::move(nodes)), replication_(replication), links_(links), random_(seed) {
    const auto map = registry_map();
    if (!map || !full(*map)) throw std::runtime_error("the cluster is not full");
    last_full_ = *map;
}

std::uint64_t Nemesis::below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random_);
}

// Short ones as often as long ones: each doubling is as likely.
milliseconds Nemesis::any_time(milliseconds least, milliseconds most) {
    const double ratio = static_cast<double>(most.count()) / static_cast<double>(least.count());
    const double power = std::uniform_real_distribution<double>(0, 1)(random_);
    return milliseconds(static_cast<std::int64_t>(static_cast<double>(least.count()) * std::pow(ratio, power)));
}

void Nemesis::note(const std::string& event) {
    const auto time = std::chrono::duration_cast<milliseconds>(Clock::now() - start_);
    events_.push_back(seconds_of(time) + ": " + event);
    if (events_.size() > 2 * events_kept)
        events_.erase(events_.begin(), events_.end() - static_cast<std::ptrdiff_t>(events_kept));
}

void Nemesis::hold(milliseconds time, std::function<void()> end) {
    active_.push_back({Clock::now() + time, std::move(end)});
}

// The registry's own, not what a node last heard. Nothing if it is not there.
std::optional<ClusterMap> Nemesis::registry_map() {
    if (registry_ended_ || registry_paused_ > 0) return std::nullopt;
    try {
        return RawClient(cluster_.registry_endpoint()).map();
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
}

bool Nemesis::full(const ClusterMap& map) const {
    std::set<NodeId> current;
    for (const std::string& name : nodes_) {
        const NodeInfo* node = map.find(name);
        if (node == nullptr || !node->up()) return false;
        if (const auto old = old_identities_.find(name); old != old_identities_.end() && node->id <= old->second)
            return false;
        current.insert(node->id);
    }
    return map.formed() && std::all_of(map.partitions.begin(), map.partitions.end(), [&](const PartitionState& each) {
               const auto& members = each.view.members;
               return members.size() >= replication_ &&
                      std::all_of(members.begin(), members.end(), [&](NodeId id) { return current.contains(id); });
           });
}

std::vector<std::string> Nemesis::running_nodes() const {
    std::vector<std::string> running;
    for (const std::string& name : nodes_)
        if (!ended_.contains(name)) running.push_back(name);
    return running;
}

void Nemesis::check_processes() {
    const auto check = [](const std::string& name, ChildProcess& process) {
        if (process.ended_by_itself())
            throw std::runtime_error(name + " ended by itself with " + std::to_string(*process.wait_for_exit(0ms)));
    };
    for (const std::string& name : nodes_) check(name, cluster_.node(name));
    check("registry", cluster_.registry());
}

// ---------------------------------------------------------------- rounds

void Nemesis::round() {
    ++rounds_;
    note("round " + std::to_string(rounds_));
    for (std::uint64_t count = 2 + below(3); count > 0; --count) {
        if (deck_.empty()) {
            for (std::size_t kind = 0; kind < kinds_of_faults; ++kind)
                if (links_ != nullptr || !cuts_links(static_cast<Fault>(kind)))
                    deck_.push_back(static_cast<Fault>(kind));
            std::shuffle(deck_.begin(), deck_.end(), random_);
        }
        // The next one that may be now; what may not, has its turn in a later round.
        auto next = deck_.begin();
        while (next != deck_.end() && !inject(*next)) ++next;
        if (next == deck_.end()) break;
        ++fired_[*next];
        deck_.erase(next);
        wait(milliseconds(below(1200)));
    }
    while (!active_.empty()) wait(10ms);
    heal();
}

void Nemesis::wait(milliseconds time) {
    for (const auto until = Clock::now() + time;;) {
        end_due(Clock::now());
        const auto left = until - Clock::now();
        if (left <= 0ms) return;
        std::this_thread::sleep_for(std::min<Clock::duration>(left, 5ms));
    }
}

void Nemesis::end_due(Clock::time_point now) {
    for (std::size_t i = 0; i < active_.size();) {
        if (active_[i].ends > now) {
            ++i;
            continue;
        }
        const auto end = std::move(active_[i].end);
        active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(i));
        end();
        check_processes();
    }
}

void Nemesis::heal() {
    note("heals");
    const auto begin = Clock::now();
    std::string last = "no answer of the registry";
    const bool healed = wait_until(patience, [&] {
        check_processes();
        auto map = registry_map();
        if (!map) return false;
        last = describe(*map, replication_);
        if (!full(*map)) return false;
        last_full_ = std::move(*map);
        return true;
    });
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    if (!healed) throw std::runtime_error("not healed within " + seconds_of(patience) + "; last seen: " + last);
    note("every partition is full again after " + seconds_of(took));
    longest_healing_ = std::max(longest_healing_, took);
    disturbed_.clear();
    old_identities_.clear();
    links_disturbed_ = false;
}

// ---------------------------------------------------------------- faults

bool Nemesis::inject(Fault fault) {
    switch (fault) {
        case Fault::kill_node:
        case Fault::stop_node: return end_node(fault);
        case Fault::pause_node:
        case Fault::pause_registry: return pause(fault);
        case Fault::kill_registry:
        case Fault::stop_registry: return end_registry(fault);
        case Fault::cut_pair:
        case Fault::cut_one_way:
        case Fault::cut_registry:
        case Fault::cut_clients:
        case Fault::isolate:
        case Fault::split: return cut_links(fault);
    }
    return false;
}

// Its data goes with it. The registry's map has the last word on which nodes have copies; while the registry is away,
// no member can be removed from a view, but earlier removals are not known.
bool Nemesis::may_end(const std::string& node, const std::optional<ClusterMap>& map) const {
    if (links_disturbed_) return false;
    std::set<std::string> disturbed = disturbed_;
    disturbed.insert(node);
    if (disturbed.size() >= replication_) return false;
    if (!map) return disturbed_.empty();
    return std::all_of(map->partitions.begin(), map->partitions.end(), [&](const PartitionState& each) {
        return std::any_of(each.view.members.begin(), each.view.members.end(), [&](NodeId id) {
            const NodeInfo* member = map->find(id);
            return member != nullptr && member->up() && !disturbed.contains(member->name);
        });
    });
}

bool Nemesis::end_node(Fault fault) {
    std::vector<std::string> nodes = running_nodes();
    const auto before = registry_map();
    std::erase_if(nodes, [&](const std::string& node) { return !may_end(node, before); });
    if (nodes.empty()) return false;
    const std::string node = any_of(nodes);
    disturbed_.insert(node);
    ended_.insert(node);
    old_identities_[node] = std::max(old_identities_[node], newest_of(before ? *before : last_full_, node));
    const milliseconds away = any_time(20ms, 3000ms);
    note(std::string(name_of(fault)) + " " + node + " for " + seconds_of(away));
    if (fault == Fault::kill_node)
        cluster_.kill_node(node);
    else
        cluster_.node(node).signal(SIGTERM);
    hold(away, [this, node] {
        // One that was stopped may have needed longer than that to transfer its leadership.
        if (cluster_.node(node).running()) cluster_.kill_node(node);
        // It may have joined only just before its end.
        if (const auto map = registry_map())
            old_identities_[node] = std::max(old_identities_[node], newest_of(*map, node));
        cluster_.start_node(node);
        ended_.erase(node);
        note("started " + node);
    });
    return true;
}

bool Nemesis::pause(Fault fault) {
    const milliseconds time = any_time(lease / 10, lease * 5);
    if (fault == Fault::pause_registry) {
        if (registry_ended_) return false;
        note("pause registry for " + seconds_of(time));
        cluster_.registry().signal(SIGSTOP);
        ++registry_paused_;
        hold(time, [this] {
            if (--registry_paused_ == 0) cluster_.registry().signal(SIGCONT);
        });
        return true;
    }
    std::vector<std::string> nodes = running_nodes();
    if (nodes.empty()) return false;
    const std::string node = any_of(nodes);
    note("pause " + node + " for " + seconds_of(time));
    disturbed_.insert(node);
    cluster_.node(node).signal(SIGSTOP);
    hold(time, [this, node] { cluster_.node(node).signal(SIGCONT); });
    return true;
}

bool Nemesis::end_registry(Fault fault) {
    if (registry_ended_) return false;
    registry_ended_ = true;
    const milliseconds away = any_time(20ms, 3000ms);
    note(std::string(name_of(fault)) + " for " + seconds_of(away));
    if (fault == Fault::kill_registry)
        cluster_.kill_registry();
    else
        cluster_.registry().signal(SIGTERM);
    hold(away, [this] {
        if (cluster_.registry().running()) cluster_.kill_registry();
        cluster_.start_registry();
        registry_ended_ = false;
        note("started registry");
    });
    return true;
}

// Each is healed with all others: what is cut on top of it ends with the first.
bool Nemesis::cut_links(Fault fault) {
    Parties nodes = nodes_;
    std::shuffle(nodes.begin(), nodes.end(), random_);
    const Parties first{nodes.front()};
    const Parties second{nodes[1]};
    const Parties others(nodes.begin() + 1, nodes.end());
    links_disturbed_ = true;
    std::string what;
    switch (fault) {
        case Fault::cut_pair:
            cut_both(first, second);
            what = joined(first) + " and " + joined(second);
            break;
        case Fault::cut_one_way:
            cut(first, second);
            what = joined(first) + " to " + joined(second);
            break;
        case Fault::cut_registry:
            cut(first, {registry_party});
            if (below(3) > 0) cut({registry_party}, first);
            what = joined(first);
            break;
        case Fault::cut_clients: {
            // A group on its own, which then hears of nothing that the others do; or all.
            const Parties clients = below(3) == 0   ? Parties{clients_party, other_clients_party}
                                    : below(2) == 0 ? Parties{clients_party}
                                                    : Parties{other_clients_party};
            const std::uint64_t which = below(4);
            const Parties from = which == 0 ? Parties{registry_party} : which == 1 ? nodes : first;
            cut(clients, from);
            if (below(2) == 0) cut(from, clients);
            what = joined(clients) + " from " + joined(from);
            break;
        }
        case Fault::isolate: what = isolate(nodes.front(), others); break;
        default: what = split(nodes); break;
    }
    // Long enough for the others to have other primaries.
    const bool long_cut = fault == Fault::split || fault == Fault::isolate;
    const milliseconds time = long_cut ? any_time(lease * 3, lease * 15) : any_time(lease / 2, lease * 10);
    note(std::string(name_of(fault)) + ": " + what + " for " + seconds_of(time));
    hold(time, [this] {
        links_->heal_all();
        note("links are whole");
    });
    return true;
}

// Every other time only the other nodes learn which one takes its place: it still has its clients, and they
// still take it for the primary, until one after the other finds out.
std::string Nemesis::isolate(const std::string& node, const Parties& others) {
    const Parties alone{node};
    cut(alone, others);
    if (below(4) > 0) cut(others, alone);
    if (below(2) == 0) return node;
    cut_both(alone, {registry_party});
    cut_both({clients_party, other_clients_party}, {registry_party});
    return node + ", and it and the clients from the registry";
}

// One or two nodes on one side, mostly without the registry; the clients on either.
std::string Nemesis::split(const Parties& nodes) {
    const auto middle = nodes.begin() + 1 + static_cast<std::ptrdiff_t>(below(2));
    Parties few(nodes.begin(), middle);
    Parties many(middle, nodes.end());
    for (const char* clients : {clients_party, other_clients_party}) (below(2) == 0 ? few : many).emplace_back(clients);
    (below(4) == 0 ? few : many).emplace_back(registry_party);
    cut_both(few, many);
    return joined(few) + " | " + joined(many);
}

void Nemesis::cut_both(const Parties& one, const Parties& other) {
    cut(one, other);
    cut(other, one);
}

void Nemesis::cut(const Parties& from, const Parties& to) {
    const auto manner = below(3) == 0 ? Links::Manner::reset : Links::Manner::drop;
    for (const std::string& sender : from)
        for (const std::string& receiver : to) links_->cut(sender, receiver, manner);
}

}  // namespace ringkv::testing
