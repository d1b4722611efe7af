#include "node/term.hpp"

namespace ringkv {

std::vector<NodeId> Term::required() const {
    std::vector<NodeId> nodes = state.view.backups();
    for (NodeId node : proposed)
        if (!state.view.has(node)) nodes.push_back(node);
    return nodes;
}

std::vector<NodeId> Term::lease_peers() const {
    std::vector<NodeId> nodes = required();
    for (const auto& [node, peer] : peers)
        if (peer.progress.replicating() && !counts(node)) nodes.push_back(node);
    return nodes;
}

}  // namespace ringkv
