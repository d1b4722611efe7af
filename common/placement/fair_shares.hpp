// How much each node should hold, and the least and the most that it may. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "common/placement/hash_ring.hpp"

namespace ringkv {

// How far a node's load may be from its share.
struct Tolerance {
    double above = 0.05;
    // A node that holds less than this below its share is filled up: so that one that joins is given its part even
    // where no other node has too much. (With 5 % to spare above, 25 nodes could otherwise ignore the 26th.)
    // 1: no node ever is.
    double below = 0.10;
    // How far. Less than `below`, so that a small change of the shares does not move anything again.
    double filled = 0.05;
};

// The most that a node with this share may have: max(ceil(share), 1.05 share).
[[nodiscard]] std::uint32_t bound_of_share(double share, double above = Tolerance().above);
// The least that it should have, when it has `now`: 0.9 share, but 1 if the share is; or, when it has less, 0.95 share.
[[nodiscard]] std::uint32_t floor_of_share(double share, std::uint32_t now, Tolerance tolerance = {});

using Loads = std::vector<std::uint32_t>;  // of each node of the ring

struct LoadBounds {
    Loads least, most;
};

// Of one of `count` copies of everything, how much each node holds where all are as even as the racks, and a
// node's not holding a thing twice, allow: the nodes of a rack in proportion to their weights, and all racks
// alike but for those that must hold more, or can hold only less. 0 .. 1; the sum is `count`.
[[nodiscard]] std::vector<double> fair_shares(const Ring& ring, std::uint32_t count);

// Bounds on copies when `partitions` are given to `count` nodes each; an assignment within them that also
// keeps the rack rule always exists (the fair shares are a fractional one, and flows are integral). `most` is
// bound_of_share of the weighted share; for a node that must hold more, its fair share rounded up. `least` is
// floor_of_share of the smaller of the two. `now`: what each node holds; as much as it should, if empty.
// `primaries_fit`: also never more than `count` times the bound of primaries. So a `count`-th of each
// partition is a division of the primaries within their bounds, and hence a whole one exists too.
[[nodiscard]] LoadBounds bounds_of_copies(const Ring& ring, std::uint32_t partitions, std::uint32_t count,
                                          const Loads& now, Tolerance tolerance, bool primaries_fit);
[[nodiscard]] LoadBounds bounds_of_primaries(const Ring& ring, std::uint32_t partitions, const Loads& now,
                                             Tolerance tolerance);

}  // namespace ringkv
