#include "common/placement/bounded_assignment.hpp"

#include <algorithm>
#include <queue>

#include "common/check.hpp"

namespace ringkv {

BoundedAssignment::BoundedAssignment(std::vector<Rack> rack_of, std::vector<double> weights, RackRule rule,
                                     LoadBounds bounds, Partition partitions)
    : rack_of_(std::move(rack_of)),
      weights_(std::move(weights)),
      rule_(std::move(rule)),
      bounds_(std::move(bounds)),
      nodes_of_(partitions),
      held_(rack_of_.size()) {}

void BoundedAssignment::solve() {
    mend_excess();
    mend_deficits();
}

// ---- what is where

bool BoundedAssignment::on(Partition partition, Node node) const {
    const std::vector<Node>& nodes = nodes_of_[partition];
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

void BoundedAssignment::take(Partition partition, Node node) {
    nodes_of_[partition].push_back(node);
    held_[node].push_back(partition);
}

std::uint32_t BoundedAssignment::in_rack(Partition partition, Rack rack) const {
    std::uint32_t count = 0;
    for (const Node node : nodes_of_[partition]) count += rack_of_[node] == rack ? 1 : 0;
    return count;
}

std::uint32_t BoundedAssignment::racks_with_extra(Partition partition) const {
    const std::vector<Node>& nodes = nodes_of_[partition];
    std::uint32_t count = 0;
    for (auto node = nodes.begin(); node != nodes.end(); ++node) {
        const Rack rack = rack_of_[*node];
        // Each rack at its last node.
        if (std::any_of(node + 1, nodes.end(), [&](Node later) { return rack_of_[later] == rack; })) continue;
        if (rule_.least[rack] < rule_.most[rack] && in_rack(partition, rack) > rule_.least[rack]) ++count;
    }
    return count;
}

bool BoundedAssignment::has_place(Partition partition, Rack rack) const {
    const std::uint32_t count = in_rack(partition, rack);
    if (count < rule_.least[rack]) return true;
    return count < rule_.most[rack] && racks_with_extra(partition) < rule_.extra;
}

// ---- the network
//
// A rack's part in a partition has the rule's least as its own, and from the partition, of its `extra`, one more if
// it is above. So vertices have too much where nodes are still lacking, and too little where there are too many.

BoundedAssignment::Vertex BoundedAssignment::vertex_of(Partition partition) const {
    return static_cast<Vertex>(held_.size()) + partition;
}

BoundedAssignment::Vertex BoundedAssignment::vertex_of(Partition partition, Rack rack) const {
    return static_cast<Vertex>(held_.size() + nodes_of_.size() + partition * rule_.least.size() + rack);
}

bool BoundedAssignment::has_excess(Vertex vertex) const {
    if (vertex < held_.size()) return held_[vertex].size() > bounds_.most[vertex];
    vertex -= static_cast<Vertex>(held_.size());
    if (vertex < nodes_of_.size()) return racks_with_extra(vertex) < rule_.extra;
    vertex -= partitions();
    const auto racks = static_cast<Vertex>(rule_.least.size());
    return in_rack(vertex / racks, vertex % racks) < rule_.least[vertex % racks];
}

std::uint32_t BoundedAssignment::deficit(Vertex vertex) const {
    const auto missing = [](std::size_t is, std::size_t should) {
        return static_cast<std::uint32_t>(should > is ? should - is : 0);
    };
    if (vertex < held_.size()) return missing(held_[vertex].size(), bounds_.least[vertex]);
    vertex -= static_cast<Vertex>(held_.size());
    if (vertex < nodes_of_.size()) return missing(rule_.extra, racks_with_extra(vertex));
    vertex -= partitions();
    const auto racks = static_cast<Vertex>(rule_.least.size());
    return missing(rule_.most[vertex % racks], in_rack(vertex / racks, vertex % racks));
}

std::vector<BoundedAssignment::Vertex> BoundedAssignment::all_with(bool (BoundedAssignment::*condition)(Vertex)
                                                                       const) const {
    std::vector<Vertex> found;
    const auto vertices = static_cast<Vertex>(held_.size() + nodes_of_.size() * (1 + rule_.least.size()));
    for (Vertex vertex = 0; vertex < vertices; ++vertex)
        if ((this->*condition)(vertex)) found.push_back(vertex);
    return found;
}

std::vector<BoundedAssignment::Vertex> BoundedAssignment::donors() const {
    std::vector<Vertex> found;
    for (Node node = 0; node < held_.size(); ++node)
        if (held_[node].size() > bounds_.least[node]) found.push_back(node);
    return found;
}

// ---- labels: Bellman and Ford's, with a queue; arcs of what is given back have the cost below 0

void BoundedAssignment::search(const std::vector<Vertex>& from) {
    const std::size_t vertices = held_.size() + nodes_of_.size() * (1 + rule_.least.size());
    labels_.assign(vertices, unreached);
    queued_.assign(vertices, false);
    sink_label_ = unreached;
    queue_.clear();
    begin_search();
    for (const Vertex vertex : from) relax(vertex, 0);
    std::size_t next = 0;
    while (next < queue_.size()) {
        const Vertex vertex = queue_[next++];
        queued_[vertex] = false;
        expand(vertex);
    }
}

// Each node has an arc to the sink while it has room, and one back from it while it may give something away. Without
// the arcs back, too much of one place would go the long way to a partition that has too many nodes, although the sink
// is nearer and so is, from the sink, that partition. Once a bound has been raised they are left out: what did not fit
// before may pay now, which is a cycle of negative cost, and in it labels would fall for ever.
void BoundedAssignment::relax_sink(Label label) {
    if (label >= sink_label_) return;
    sink_label_ = label;
    if (raised_) return;
    for (const Node donor : donors()) relax(donor, label);
}

void BoundedAssignment::relax(Vertex vertex, Label label) {
    if (label >= labels_[vertex]) return;
    labels_[vertex] = label;
    if (queued_[vertex]) return;
    queued_[vertex] = true;
    queue_.push_back(vertex);
}

void BoundedAssignment::expand(Vertex vertex) {
    const Label label = labels_[vertex];
    if (vertex < held_.size()) {
        if (mending_ == Mending::excess && has_room(vertex)) relax_sink(label);
        for (const Partition partition : held_[vertex])
            relax(vertex_of(partition, rack_of_[vertex]), label - cost(partition, vertex));
        return;
    }
    const auto racks = static_cast<Rack>(rule_.least.size());
    vertex -= static_cast<Vertex>(held_.size());
    if (vertex < nodes_of_.size()) {
        for (Rack rack = 0; rack < racks; ++rack)
            if (label < labels_[vertex_of(vertex, rack)] && in_rack(vertex, rack) < rule_.most[rack])
                relax(vertex_of(vertex, rack), label);
        return;
    }
    vertex -= partitions();
    const Partition partition = vertex / racks;
    const Rack rack = vertex % racks;
    if (in_rack(partition, rack) > rule_.least[rack]) relax(vertex_of(partition), label);
    reach_options(partition, rack, label);
}

bool BoundedAssignment::end_reached() const {
    if (mending_ == Mending::excess && sink_label_ != unreached) return true;
    const std::vector<Vertex> ends = all_with(&BoundedAssignment::has_deficit);
    return std::any_of(ends.begin(), ends.end(), [this](Vertex end) { return labels_[end] != unreached; });
}

// ---- pushing

void BoundedAssignment::mend_excess() {
    mending_ = Mending::excess;
    while (true) {
        std::vector<Vertex> sources = all_with(&BoundedAssignment::has_excess);
        if (sources.empty()) return;
        search(sources);
        const bool moved = end_reached() && pass_until_stuck([&] {
                               bool any = false;
                               for (const Vertex source : sources)
                                   while (has_excess(source) && augment(source)) any = true;
                               std::erase_if(sources, [this](Vertex source) { return !has_excess(source); });
                               return any;
                           });
        if (!moved) raise_bounds_of_reached();
    }
}

void BoundedAssignment::mend_deficits() {
    mending_ = Mending::deficit;
    std::size_t unmet = 0;
    for (const Vertex vertex : all_with(&BoundedAssignment::has_deficit)) unmet += deficit(vertex);
    while (unmet > 0) {
        search(donors());
        // First from those that hold most for their weight.
        const auto less = [this](Node a, Node b) {
            const double load_a = static_cast<double>(held_[a].size()) / weights_[a];
            const double load_b = static_cast<double>(held_[b].size()) / weights_[b];
            return load_a != load_b ? load_a < load_b : a > b;
        };
        const bool moved =
            end_reached() && pass_until_stuck([&] {
                bool any = false;
                const std::vector<Vertex> all = donors();
                std::priority_queue<Node, std::vector<Node>, decltype(less)> next(all.begin(), all.end(), less);
                while (!next.empty() && unmet > 0) {
                    const Node donor = next.top();
                    next.pop();
                    if (labels_[donor] != 0 || closed_[donor] || !augment(donor)) continue;
                    any = true;
                    --unmet;
                    if (held_[donor].size() > bounds_.least[donor]) next.push(donor);
                }
                return any;
            });
        if (!moved) return;
    }
}

// Until no path of tight arcs is left: pushing along one opens arcs back, so that one pass may miss some.
template <class Pass>
bool BoundedAssignment::pass_until_stuck(const Pass& pass) {
    bool any = false;
    for (const bool near : {true, false}) {
        near_ = near;
        while (true) {
            begin_pass();
            if (!pass()) break;
            any = true;
        }
    }
    return any;
}

void BoundedAssignment::begin_pass() {
    closed_.assign(labels_.size(), false);
    next_held_.assign(held_.size(), 0);
    ends_.assign(rule_.least.size(), {});
    Label highest = std::numeric_limits<Label>::min();
    lowest_label_ = unreached;
    for (Node node = 0; node < held_.size(); ++node) {
        if (labels_[node] == unreached) continue;
        highest = std::max(highest, labels_[node]);
        lowest_label_ = std::min(lowest_label_, labels_[node]);
        if (is_end(node)) ends_[rack_of_[node]].push_back(node);
    }
    const std::size_t labels = highest < lowest_label_ ? 0 : static_cast<std::size_t>(highest - lowest_label_) + 1;
    open_.assign(rule_.least.size(), std::vector<std::uint32_t>(labels));
    for (Node node = 0; node < held_.size(); ++node)
        if (labels_[node] != unreached)
            ++open_[rack_of_[node]][static_cast<std::size_t>(labels_[node] - lowest_label_)];
}

bool BoundedAssignment::any_open(Rack rack, Label label) const {
    const std::vector<std::uint32_t>& open = open_[rack];
    const auto place = static_cast<std::size_t>(label - lowest_label_);
    return label >= lowest_label_ && place < open.size() && open[place] > 0;
}

void BoundedAssignment::close(Vertex vertex, bool closed) {
    closed_[vertex] = closed;
    if (vertex >= held_.size()) return;
    std::uint32_t& open = open_[rack_of_[vertex]][static_cast<std::size_t>(labels_[vertex] - lowest_label_)];
    open += closed ? -1U : 1U;
}

// Depth first along tight arcs. What is on the path is closed; what led nowhere stays closed in this pass.
bool BoundedAssignment::augment(Vertex vertex) {
    if (closed_[vertex]) return false;
    close(vertex, true);
    const std::size_t first_part = held_.size() + nodes_of_.size();
    const auto racks = static_cast<Vertex>(rule_.least.size());
    bool found = false;
    if (vertex < held_.size())
        found = augment_node(vertex);
    else if (vertex < first_part)
        found = augment_partition(vertex - static_cast<Vertex>(held_.size()));
    else
        found = augment_part((vertex - static_cast<Vertex>(first_part)) / racks,
                             (vertex - static_cast<Vertex>(first_part)) % racks);
    if (found) close(vertex, false);
    return found;
}

bool BoundedAssignment::is_end(Node node) const {
    if (mending_ == Mending::deficit) return held_[node].size() < bounds_.least[node];
    return has_room(node) && labels_[node] == sink_label_;
}

bool BoundedAssignment::augment_node(Node node) {
    if (is_end(node)) return true;
    for (std::size_t& next = next_held_[node]; next < held_[node].size(); ++next) {
        const Partition partition = held_[node][next];
        const Vertex part = vertex_of(partition, rack_of_[node]);
        if (labels_[part] != labels_[node] - cost(partition, node) || !augment(part)) continue;
        held_[node].erase(held_[node].begin() + static_cast<std::ptrdiff_t>(next));
        std::vector<Node>& nodes = nodes_of_[partition];
        nodes.erase(std::find(nodes.begin(), nodes.end(), node));
        return true;
    }
    return false;
}

bool BoundedAssignment::augment_partition(Partition partition) {
    const Vertex vertex = vertex_of(partition);
    if (has_deficit(vertex)) return true;
    for (Rack rack = 0; rack < rule_.least.size(); ++rack) {
        const Vertex part = vertex_of(partition, rack);
        if (labels_[part] == labels_[vertex] && !closed_[part] && in_rack(partition, rack) < rule_.most[rack] &&
            augment(part))
            return true;
    }
    return false;
}

bool BoundedAssignment::augment_part(Partition partition, Rack rack) {
    const Vertex part = vertex_of(partition, rack);
    const std::uint32_t count = in_rack(partition, rack);
    if (count > rule_.most[rack]) return true;
    direct_ = true;
    const bool found = try_options(partition, rack, labels_[part], near_ ? Look::near : Look::ends);
    direct_ = false;
    if (found) return true;
    const Vertex whole = vertex_of(partition);
    if (count > rule_.least[rack] && labels_[whole] == labels_[part] && augment(whole)) return true;
    return try_options(partition, rack, labels_[part], near_ ? Look::near : Look::all);
}

bool BoundedAssignment::try_option(Partition partition, Node node, Label label) {
    if (closed_[node] || labels_[node] != label + cost(partition, node) || on(partition, node)) return false;
    if (!(direct_ ? is_end(node) : augment(node))) return false;
    take(partition, node);
    return true;
}

void BoundedAssignment::raise_bounds_of_reached() {
    // These nodes are full, and what they hold can go only to each other: together they must take more.
    raised_ = true;
    const auto level_above = [this](Node node) { return (bounds_.most[node] + 1) / weights_[node]; };
    double lowest = std::numeric_limits<double>::max();
    for (Node node = 0; node < held_.size(); ++node)
        if (labels_[node] != unreached) lowest = std::min(lowest, level_above(node));
    RINGKV_CHECK(lowest < std::numeric_limits<double>::max(), "a partition can always take another node");
    // In steps of at most 1 %, and all that are within 1 % at once: few searches even where much is uneven.
    for (Node node = 0; node < held_.size(); ++node)
        if (labels_[node] != unreached && level_above(node) <= lowest * 1.01)
            bounds_.most[node] += 1 + bounds_.most[node] / 128;
}

}  // namespace ringkv
