// The other replicas of a partition, as its primary knows them: few, in one array beside what else the primary has.
// Thread safety: none.
#pragma once

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "common/check.hpp"
#include "node/progress.hpp"

namespace ringkv {

// The lease (L2) and the newest confirmation (L5): both are send times of ours, the lease's plus its duration.
struct HeldLease {
    Time until{};
    Time confirmed{};
    Time heard_at{};  // the newest answered beacon; at first, when we began to wait for one
};

struct Peer {
    Progress progress;
    HeldLease lease{};
};

// By NodeId. Pointers and references hold until one is added or taken away.
class Peers {
  public:
    using Item = std::pair<NodeId, Peer>;

    [[nodiscard]] auto begin() { return items_.begin(); }
    [[nodiscard]] auto end() { return items_.end(); }
    [[nodiscard]] auto begin() const { return items_.begin(); }
    [[nodiscard]] auto end() const { return items_.end(); }

    // null: it is none.
    [[nodiscard]] Peer* find(NodeId node) {
        for (Item& item : items_)
            if (item.first == node) return &item.second;
        return nullptr;
    }
    [[nodiscard]] const Peer* find(NodeId node) const { return const_cast<Peers*>(this)->find(node); }
    [[nodiscard]] const Peer& at(NodeId node) const {
        const Peer* const found = find(node);
        RINGKV_CHECK(found != nullptr, "a required node is no peer");
        return *found;
    }
    // Precondition: it is none yet.
    void add(NodeId node, Peer peer) {
        const auto after =
            std::find_if(items_.begin(), items_.end(), [node](const Item& item) { return node < item.first; });
        items_.emplace(after, node, std::move(peer));
    }
    template <class Goes>
    void erase_if(const Goes& goes) {
        items_.erase(std::remove_if(items_.begin(), items_.end(), [&](const Item& item) { return goes(item.first); }),
                     items_.end());
    }

  private:
    absl::InlinedVector<Item, 2> items_;
};

}  // namespace ringkv
