// Partitions to nodes with no node above its bound: augmenting paths, as in bipartite matching
// (Hopcroft and Karp 1973, without the phases). What may be exchanged for what, a subclass says.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace ringkv {

class BoundedAssignment {
  public:
    using Node = std::uint32_t;
    using Partition = std::uint32_t;
    static constexpr Node nobody = std::numeric_limits<Node>::max();

    BoundedAssignment(std::vector<double> weights, std::vector<std::uint32_t> bounds);
    virtual ~BoundedAssignment() = default;

  protected:
    [[nodiscard]] bool full(Node node) const { return holders_[node].size() >= bounds_[node]; }
    [[nodiscard]] std::size_t nodes() const { return bounds_.size(); }

    // Gives the partition one more node, or in place of `held` another one.
    void assign(Partition partition, Node held, Node taken);
    // Gives the partition one more node, by moving others from full nodes to nodes that have room.
    // Where no such chain exists, the bounds of all nodes that it would need rise first. Ends: bounds
    // only rise, and no node is full any more when they are as high as there are partitions.
    void augment(Partition partition);

    // Calls reach(node, partition, held) for all nodes that the partition could take in place of `held`
    // (or, if that is nobody, in addition), as far as they are not reached yet.
    virtual void propose(Partition partition, Node held) = 0;
    // A search begins: nobody is reached.
    virtual void begin_search() {}
    // The partition now holds `taken` in place of `held` (or in addition to all others).
    virtual void assigned(Partition partition, Node held, Node taken) = 0;

    void reach(Node node, Partition partition, Node held);

  private:
    // How the search came to a node: the partition would take it in place of `held`.
    struct Step {
        bool reached = false;
        Partition partition = 0;
        Node held = nobody;
    };

    bool search(Partition partition);
    void raise_bounds_of_reached();

    std::vector<double> weights_;
    std::vector<std::uint32_t> bounds_;
    std::vector<std::vector<Partition>> holders_;  // of each node
    std::vector<Step> steps_;
    std::vector<Node> queue_;  // the nodes reached, in order
    Node roomy_ = nobody;      // the first of them that is not full: the end of the chain
};

}  // namespace ringkv
