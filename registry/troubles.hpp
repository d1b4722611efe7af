// What nodes say is wrong with a part of them, as events: when it begins, and when it is over.
#pragma once

#include <map>
#include <tuple>

#include "registry/publication.hpp"

namespace ringkv::registry {

class Troubles {
  public:
    // By reference.
    explicit Troubles(Publication& publication) : publication_(publication) {}

    // Repeats are one. Of a node or a shard that the map does not have, nothing is noted.
    void told(Time now, const Trouble& trouble);

  private:
    Publication& publication_;
    // Those that last: when they were told of last. A node that ends does not say that one is over.
    std::map<std::tuple<NodeId, TroubleKind, ShardIndex>, Time> lasting_;
};

}  // namespace ringkv::registry
