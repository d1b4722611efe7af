// What nodes say is wrong with a part of them, as events: when it begins, and when it is over.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "registry/publication.hpp"

namespace ringkv::registry {

class Troubles {
  public:
    // By reference.
    explicit Troubles(Publication& publication) : publication_(publication) {}

    // Repeats are one. Of a node or a shard that the map does not have, nothing is noted.
    void told(Time now, const Trouble& trouble);
    // Those that are not over, as far as the nodes still say so.
    [[nodiscard]] std::vector<LastingTrouble> lasting(Time now) const;

  private:
    Publication& publication_;
    struct Lasting {
        Time since{};
        Time told_at{};  // last; a node that ends does not say that one is over
    };
    std::map<std::tuple<NodeId, TroubleKind, ShardIndex>, Lasting> lasting_;
};

}  // namespace ringkv::registry
