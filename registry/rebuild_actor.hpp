// Makes the registry's state anew, when its data is lost, from what the nodes know (docs/protocol.md, R4). It runs in
// the registry's place, on its addresses, and decides nothing else. Pure.
//
// How it goes:
//   nodes say what they say to a registry, and so which generations there were; the next one is stored before any node
//   hears of it: the next rebuild, if this one is not brought to its end, begins above it
//     -> each shard is answered with a RebuildRequest, until it has reported
//     -> settings and nodes are those of the newest map that any of them has, or had stored; of each partition the
//     highest view that any of them knows holds
//     -> a partition has its view back when all members of that view have reported, and all that its primary has
//     proposed as further ones: none of them learns of another view that the lost registry may have decided (Fence), so
//     none exists that counts. Where one of them is given up, all other nodes must report: it may have known of newer
//     views, and any of them may be a member there. So they must where a partition was ever begun anew (V8)
//     -> all have: the map with these views is stored as the first epoch of a new generation; finished()
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/actor.hpp"
#include "registry/repeat_filter.hpp"

namespace ringkv {

struct RebuildOptions {
    ClusterSettings settings;  // of registry.yaml; must agree with the cluster's (registry::check_settings)
    // Does the operator say that this node is stopped for good? What it alone knows is lost then, if it has not
    // reported. It must not be said of a node that runs: it might go on serving what others serve as well. One that has
    // been heard of in the last 5 s is waited for all the same. Asked of identities too that no map which was told
    // names: these are called "node 17".
    std::function<bool(const NodeInfo&)> given_up;
    // Does the operator say so of a partition that no node which has reported knows anything of? It has no copy then,
    // and stays unavailable: its only member is an identity that is gone. Not asked in the first 5 s.
    std::function<bool(PartitionId)> lost;
};

class RebuildActor final : public Actor {
  public:
    // `rebuild` must be fresh: no other rebuild has it. `last`: the generation of the newest fence in the store, of a
    // rebuild that did not end; none: there is none.
    RebuildActor(RebuildOptions options, Uuid rebuild, Generation last);

    // For the time that events have, as RegistryActor::set_clock.
    void set_clock(Duration offset) { clock_ = offset; }

    void receive(Time now, const Origin& from, Message message) override;
    void tick(Time now) override;
    void durable(Time now, BatchNumber number) override;
    [[nodiscard]] Effects take_effects() override;
    [[nodiscard]] Identity identity() const override { return {cluster_, {}, {}}; }
    // The state is stored, or cannot be.
    [[nodiscard]] bool finished() const override { return (made() && map_batch_ <= durable_) || failure_; }

    // Of one that is finished, and failed. Error configuration: registry.yaml is not this cluster's.
    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
    // What was stored; not formed: nothing yet.
    [[nodiscard]] const ClusterMap& map() const { return rebuilt_; }
    // Names of the nodes that have reported; and, once a map is known, of those that must and have not, with how many
    // partitions wait for each.
    [[nodiscard]] std::set<std::string> reported() const;
    [[nodiscard]] std::map<std::string, std::size_t> missing() const;

  private:
    struct Reported {
        std::set<ShardIndex> shards;
        std::uint32_t of = 0;
        [[nodiscard]] bool wholly() const { return of > 0 && shards.size() == of; }
    };

    [[nodiscard]] bool made() const { return !map_batch_.none(); }
    void refuse(const Origin& to);
    void ask(const Origin& from);
    // -> the batch that has them.
    BatchNumber put(StorageBatch records);
    void handle(Time now, const Origin& from, const Join& join);
    void handle(Time now, const Origin& from, const Heartbeat& heartbeat);
    void handle(Time now, const Origin& from, const MapRequest& request);
    void handle(Time now, const Origin& from, RebuildReport& report);
    void take_map(ClusterMap map);
    // The first that speaks says which cluster this is about.
    [[nodiscard]] bool of_the_cluster(Time now, Uuid theirs, const std::string& name);
    // The rebuild's generation is above that one. Those that reported to a lower one report again.
    void raise_above(Generation generation);
    // The highest view that is known; none: of that partition none is.
    [[nodiscard]] const View& view_of(std::uint32_t partition) const;
    // The nodes that may know a higher one.
    [[nodiscard]] std::set<NodeId> must_report(std::uint32_t partition) const;
    [[nodiscard]] NodeInfo unknown(NodeId node) const;
    [[nodiscard]] bool is_lost(std::uint32_t partition) const;
    [[nodiscard]] bool given_up(const NodeInfo& node) const;
    [[nodiscard]] bool has_reported(NodeId node) const;
    // Or it is given up.
    [[nodiscard]] bool counts_as_reported(NodeId node) const;
    [[nodiscard]] std::string name_of(NodeId node) const;
    // Of the node with that storage; "": it is in no map yet.
    [[nodiscard]] std::string name_of(Uuid storage) const;
    void tell_progress(Time now);
    void store(Time now);
    void log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields = {});

    const RebuildOptions options_;
    const Generation last_;
    Fence fence_;
    BatchNumber fence_batch_;  // that has it
    BatchNumber map_batch_;    // that has the map; none: it is not made yet
    BatchNumber last_batch_;   // given
    BatchNumber durable_;
    Uuid cluster_;
    ClusterMap newest_;  // settings and nodes of the newest map that was told
    ClusterMap whole_;   // the newest with partitions
    struct Told {
        View view;                  // the highest of the reports; none: none was told
        std::set<NodeId> proposed;  // as members of the next one
        OpNumber begins;            // the highest of any view of the partition
    };
    std::vector<Told> told_;             // by partition
    std::map<Uuid, Reported> reported_;  // by storage
    // Of the nodes of all maps that were told, and of those that reported: the newest map may have forgotten one.
    std::map<NodeId, Uuid> storages_;
    std::map<NodeId, Time> heard_;
    std::set<Address> done_;  // connections of shards that have reported
    std::optional<Error> failure_;
    ClusterMap rebuilt_;
    Duration clock_{};
    std::optional<Time> began_;
    Time now_{};            // of the newest turn
    Time looked_at_{};      // for what is missing
    bool changed_ = false;  // since then
    std::optional<Time> published_at_;
    Time told_at_{};
    registry::RepeatFilter repeats_;
    Effects effects_;
};

}  // namespace ringkv
