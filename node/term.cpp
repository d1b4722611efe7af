#include "node/term.hpp"

namespace ringkv {

std::vector<NodeId> Term::lease_peers() const {
    std::vector<NodeId> nodes;
    (void)all_required([&nodes](NodeId node) {
        nodes.push_back(node);
        return true;
    });
    for (const auto& [node, peer] : peers)
        if (peer.progress.replicating() && !counts(node)) nodes.push_back(node);
    return nodes;
}

}  // namespace ringkv
