// Partitions to nodes: every node within its bounds, every partition as the rack rule says, at least cost.
//
// A min-cost flow, solved exactly by shortest augmenting paths (Ahuja, Magnanti and Orlin 1993, section 9.7):
// it begins with everything where it is, which costs nothing but breaks bounds and rules, and mends one unit
// at a time, each time in the cheapest way. So the work is proportional to what must change. The network is
//
//     partition -> its part in a rack -> node -> sink
//
// and is never built: a rack's part may take any node of the rack, which are too many arcs to write down.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "common/placement/fair_shares.hpp"
#include "common/placement/hash_ring.hpp"

namespace ringkv {

class BoundedAssignment {
  public:
    using Node = std::uint32_t;
    using Partition = std::uint32_t;
    using Rack = std::uint32_t;

    // What is assigned under `rule` to nodes 0 .. , each in its rack and with its bounds. If there is no assignment
    // within them, the upper bounds of the nodes in the way rise together in proportion to their weights, and lower
    // bounds that cannot be reached are not.
    BoundedAssignment(std::vector<Rack> rack_of, std::vector<double> weights, RackRule rule, LoadBounds bounds,
                      Partition partitions);
    virtual ~BoundedAssignment() = default;
    BoundedAssignment(const BoundedAssignment&) = delete;
    BoundedAssignment& operator=(const BoundedAssignment&) = delete;

    // Begins with the partition on that node. Only before solve(), and only where it costs nothing. Of what a node
    // holds it first gives away what came first.
    void hold(Partition partition, Node node) { take(partition, node); }
    void solve();

    [[nodiscard]] const std::vector<Node>& nodes_of(Partition partition) const { return nodes_of_[partition]; }
    // Some upper bound had to rise.
    [[nodiscard]] bool raised() const { return raised_; }

  protected:
    using Label = std::int32_t;

    // Of having that partition on that node: 0 or more; 0 wherever solve() begins.
    [[nodiscard]] virtual Label cost(Partition partition, Node node) const = 0;
    // A search begins.
    virtual void begin_search() {}
    // Calls reach(node, label + cost) for every node of that rack that the partition may be on and is not.
    virtual void reach_options(Partition partition, Rack rack, Label label) = 0;
    // How try_options looks.
    enum class Look {
        near,  // at the preferred few
        ends,  // at those of ends_in(rack)
        all,
    };
    // Calls try_option(partition, node, label) for the nodes of reach_options until it is true, the preferred first;
    // returns whether it was.
    virtual bool try_options(Partition partition, Rack rack, Label label, Look look) = 0;
    // Where a path may end, or could when this pass began.
    [[nodiscard]] const std::vector<Node>& ends_in(Rack rack) const { return ends_[rack]; }
    // Is a node of that rack with that label still worth a look?
    [[nodiscard]] bool any_open(Rack rack, Label label) const;

    void reach(Node node, Label label) { relax(node, label); }
    [[nodiscard]] Label label(Node node) const { return labels_[node]; }
    bool try_option(Partition partition, Node node, Label label);

    void take(Partition partition, Node node);
    [[nodiscard]] bool on(Partition partition, Node node) const;
    [[nodiscard]] bool has_room(Node node) const { return held_[node].size() < bounds_.most[node]; }
    // May the partition take one more node of that rack, whatever else it has?
    [[nodiscard]] bool has_place(Partition partition, Rack rack) const;
    [[nodiscard]] Partition partitions() const { return static_cast<Partition>(nodes_of_.size()); }

    static constexpr Label unreached = std::numeric_limits<Label>::max() / 2;

  private:
    // A vertex of the network: nodes, then partitions, then each partition's part in each rack.
    using Vertex = std::uint32_t;
    // What is being mended: too much somewhere (of a node, of a partition that lacks nodes), which flows to the sink;
    // or too little, to which flows from the sink.
    enum class Mending { excess, deficit };

    [[nodiscard]] Vertex vertex_of(Partition partition) const;
    [[nodiscard]] Vertex vertex_of(Partition partition, Rack rack) const;
    [[nodiscard]] std::uint32_t in_rack(Partition partition, Rack rack) const;
    [[nodiscard]] std::uint32_t racks_with_extra(Partition partition) const;
    [[nodiscard]] bool has_excess(Vertex vertex) const;
    [[nodiscard]] std::uint32_t deficit(Vertex vertex) const;
    [[nodiscard]] bool has_deficit(Vertex vertex) const { return deficit(vertex) > 0; }
    [[nodiscard]] std::vector<Vertex> all_with(bool (BoundedAssignment::*condition)(Vertex) const) const;
    [[nodiscard]] std::vector<Vertex> donors() const;

    void mend_excess();
    void mend_deficits();
    void search(const std::vector<Vertex>& from);
    void relax(Vertex vertex, Label label);
    void relax_sink(Label label);
    void expand(Vertex vertex);
    [[nodiscard]] bool end_reached() const;
    [[nodiscard]] bool is_end(Node node) const;

    template <class Pass>
    bool pass_until_stuck(const Pass& pass);
    void begin_pass();
    void close(Vertex vertex, bool closed);
    bool augment(Vertex vertex);
    bool augment_node(Node node);
    bool augment_partition(Partition partition);
    bool augment_part(Partition partition, Rack rack);
    void raise_bounds_of_reached();

    std::vector<Rack> rack_of_;
    std::vector<double> weights_;
    RackRule rule_;
    LoadBounds bounds_;
    bool raised_ = false;
    std::vector<std::vector<Node>> nodes_of_;   // of each partition
    std::vector<std::vector<Partition>> held_;  // by each node

    Mending mending_ = Mending::excess;
    // Of the last search: the cost of the cheapest path to each vertex. An arc on such a path is tight, and pushing
    // along tight arcs keeps the cost the least possible.
    std::vector<Label> labels_;
    Label sink_label_ = unreached;
    std::vector<Vertex> queue_;
    std::vector<bool> queued_;
    // Of the present pass: on the path, or leading nowhere.
    std::vector<bool> closed_;
    std::vector<std::vector<std::uint32_t>> open_;  // of each rack: its nodes that are not closed, by label
    Label lowest_label_ = 0;                        // of a node
    std::vector<std::vector<Node>> ends_;           // of each rack
    std::vector<std::size_t> next_held_;            // of each node: which of held_ is to be tried
    bool near_ = true;
    bool direct_ = false;  // only straight to the sink
};

}  // namespace ringkv
