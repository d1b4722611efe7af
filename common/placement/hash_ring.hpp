// The hash ring: consistent hashing with virtual nodes, weights and racks (protocol.md, Words: "ring";
// Karger et al. 1997, DeCandia et al. 2007). A pure function of the nodes' names, racks and weights:
// neither the order of the input nor NodeIds have a say. Immutable, and so thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/ids.hpp"

namespace ringkv {

// A node that may hold partitions.
struct Candidate {
    NodeId id;
    std::string name;  // distinct among candidates
    std::string rack;
    double weight = 1.0;  // finite, above 0; anything else counts as 1

    friend bool operator==(const Candidate&, const Candidate&) = default;
};

// How a list of so many nodes is spread over racks: every rack gives one node before any gives its
// second, and so on, for as long as it has nodes.
struct RackRule {
    std::vector<std::uint32_t> least;  // of each rack, in every list
    std::vector<std::uint32_t> most;   // least, or one more
    std::uint32_t extra = 0;           // how many racks give that one more

    // `sizes`: the number of nodes of each rack. At most as many as there are will be in a list.
    RackRule(const std::vector<std::uint32_t>& sizes, std::uint32_t count);
};

// A ring: for each position of the 64-bit hash space an order of all nodes. How that order comes about
// is what rings differ in; racks and preference lists are the same for all.
class Ring {
  public:
    using Index = std::uint32_t;  // of a node: its place among the names in order
    using Visit = std::function<bool(Index)>;

    // Precondition: names are distinct.
    explicit Ring(std::vector<Candidate> nodes);
    virtual ~Ring() = default;

    // Calls visit(node) for distinct nodes in the order of that position, until it returns false.
    virtual void walk(std::uint64_t position, const Visit& visit) const = 0;

    // The first `count` of all nodes (fewer if there are fewer) for the partition: distinct nodes in the
    // order of its position, one rack after another while unused racks remain, then each rack's second,
    // and so on.
    // Precondition: valid_partition_count(partitions), partition < partitions.
    [[nodiscard]] std::vector<NodeId> preference_list(PartitionId partition, std::uint32_t partitions,
                                                      std::uint32_t count) const;

    // By name. Racks are numbered in the order of their names.
    [[nodiscard]] const std::vector<Candidate>& nodes() const { return nodes_; }
    [[nodiscard]] std::uint32_t rack_of(Index node) const { return rack_of_[node]; }
    [[nodiscard]] const std::vector<std::uint32_t>& rack_sizes() const { return rack_sizes_; }
    // Sorts nodes that are in the ring's order into order of preference.
    void take_turns(std::vector<Index>& in_order) const;

  private:
    void number_racks();

    std::vector<Candidate> nodes_;
    std::vector<std::uint32_t> rack_of_;
    std::vector<std::uint32_t> rack_sizes_;
};

// Each node owns round(weight * vnodes) tokens, 1 to 65536; the order of a position is clockwise of it.
// When a node is added, the first nodes of a position change only by its coming in.
class HashRing final : public Ring {
  public:
    HashRing(std::vector<Candidate> nodes, std::uint32_t vnodes);

    void walk(std::uint64_t position, const Visit& visit) const override;

  private:
    struct Token {
        std::uint64_t position;
        Index node;
    };

    // Of the first token at or after the position; tokens_.size() if there is none.
    [[nodiscard]] std::size_t first_token(std::uint64_t position) const;
    void index_tokens();

    std::vector<Token> tokens_;  // by position, then by name
    // Slices of the hash space, about one a token: each one's first token. So a look-up is no search.
    std::vector<std::uint32_t> first_in_slice_;
};

}  // namespace ringkv
