// The two policies of replication that a test (or a later version) can exchange: when an entry counts
// as committed, and which node succeeds a primary. The defaults are what protocol.md says.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "common/cluster_map.hpp"

namespace ringkv {

class CommitRule {
  public:
    virtual ~CommitRule() = default;
    // `persisted`: up to which op each required replica has its log persisted, the primary included;
    // never empty. -> the highest op that is committed.
    [[nodiscard]] virtual OpNumber committed(std::span<const OpNumber> persisted) const = 0;
};

// P3: every member has it.
class EveryMember final : public CommitRule {
  public:
    [[nodiscard]] OpNumber committed(std::span<const OpNumber> persisted) const override {
        return *std::min_element(persisted.begin(), persisted.end());
    }
};

class SuccessionRule {
  public:
    virtual ~SuccessionRule() = default;
    // How long after its promise ran out this backup waits before it proposes itself.
    [[nodiscard]] virtual Duration delay(const View& view, NodeId backup) const = 0;
    // The node that leadership goes to, of these candidates (members in order of preference); never empty.
    [[nodiscard]] virtual NodeId successor(const std::vector<NodeId>& candidates) const = 0;
};

// V1: the next in order of preference at once, the others after a short spread.
class PreferenceOrder final : public SuccessionRule {
  public:
    explicit PreferenceOrder(Duration spread = std::chrono::milliseconds(50)) : spread_(spread) {}

    [[nodiscard]] Duration delay(const View& view, NodeId backup) const override {
        const std::vector<NodeId> backups = view.backups();
        return spread_ * (std::find(backups.begin(), backups.end(), backup) - backups.begin());
    }
    [[nodiscard]] NodeId successor(const std::vector<NodeId>& candidates) const override { return candidates.front(); }

  private:
    Duration spread_;
};

}  // namespace ringkv
