// The registry: the one authority over membership, placement and views (protocol.md, R1-R3, V2). Never on the
// data path. Its storage batch is one MapDelta a turn; it neither answers nor publishes what is not durable.
#pragma once

#include <optional>
#include <string>

#include "common/actor.hpp"
#include "common/placement/placement.hpp"
#include "registry/census.hpp"
#include "registry/conditions.hpp"
#include "registry/formation.hpp"
#include "registry/membership.hpp"
#include "registry/overview.hpp"
#include "registry/publication.hpp"
#include "registry/rebalancer.hpp"
#include "registry/settings.hpp"
#include "registry/troubles.hpp"
#include "registry/views.hpp"

namespace ringkv {

class RegistryActor final : public Actor {
  public:
    // `recovered` is what the store had (epoch none: nothing), and `events`; its settings agree with the options'
    // (registry::check_settings). `cluster` becomes the cluster's id at formation, and must be fresh.
    // The placement is kept by reference.
    RegistryActor(RegistryOptions options, const Placement& placement, ClusterMap recovered, Uuid cluster,
                  std::vector<Event> events = {});

    // What added to a Time makes a time since 1970, UTC, for what operators are told; now and then, for that clock is
    // set.
    void set_clock(Duration offset) { publication_.events().set_clock(offset); }

    void receive(Time now, const Origin& from, Message message) override;
    void tick(Time now) override;
    void durable(Time now, BatchNumber number) override;
    [[nodiscard]] Effects take_effects() override;
    [[nodiscard]] Identity identity() const override;

    // What is durable and may be told.
    [[nodiscard]] const ClusterMap& map() const { return publication_.published(); }
    [[nodiscard]] const registry::EventLog& events() const { return publication_.events(); }
    // Looks at each partition.
    [[nodiscard]] registry::Figures figures(Time now) const;
    // Of map(). Looks at each partition if the map has changed.
    [[nodiscard]] registry::Overview overview(Time now);
    // Those of the map and its publication (registry/publication.hpp).
    void check_invariants() const { publication_.check_invariants(); }

  private:
    void begin(Time now);
    void excuse_stall(Time now);
    void handle(Time now, const Origin& from, const Join& join);
    void handle(Time now, const Origin& from, const Heartbeat& heartbeat);
    void handle(Time now, const Origin& from, const Propose& propose);
    void handle(Time now, const Origin& from, const MapRequest& request);
    void handle(Time now, const Origin& from, const Administer& request);
    void handle(Time now, const Origin& from, const EventsRequest& request);
    void handle(Time now, const Origin& from, const Trouble& trouble);
    void handle(Time, const Origin&, const RebuildReport&) {}  // late, of the rebuild that made this state
    void handle(Time now, const Origin& from, const ConditionRequest& request);
    void refuse_misplaced(Time now, const Origin& from, std::string_view name);

    // Why a sender of that cluster is not served; nullopt = it is.
    [[nodiscard]] std::optional<std::string> cluster_objection(Uuid theirs) const;
    // The same of a node. One that belongs to a cluster, while there is none here, forbids to form one.
    [[nodiscard]] std::optional<std::string> node_objection(Uuid theirs);
    [[nodiscard]] std::optional<std::string> propose_objection(const Origin& from, const Propose& propose) const;
    void refuse(Time now, const Origin& from, ErrorCode code, const std::string& text);
    // Nodes know more than this registry: an old backup was restored (R2). It changes nothing from now on.
    void stand_aside(Time now, const std::string& why);

    registry::Publication publication_;
    registry::Formation formation_;
    registry::Membership membership_;
    registry::Views views_;
    registry::Rebalancer rebalancer_;
    registry::Unavailability unavailability_;
    registry::ActivityLog activity_;
    registry::Overviews overviews_;
    bool begun_ = false;
    Time listened_at_{};
    std::string no_formation_;  // why this registry does not form a cluster; empty = it may
    std::string standing_aside_;
    std::size_t received_ = 0;  // in this turn
    registry::Troubles troubles_;
    registry::Conditions conditions_;
};

}  // namespace ringkv
