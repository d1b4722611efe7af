// The map and its epochs. A turn's changes become one batch, one epoch, one delta; what speaks of them is
// kept back until they are durable (protocol.md, R2). One batch is under way at a time; what changes
// meanwhile gathers for the next. What a batch changes is told as events, which are stored with it; events alone wait
// for one, for a second, and are a batch of their own then.
//
// Work is proportional to what changes, but for whole maps, of which a few leave in a turn.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/actor.hpp"
#include "registry/event_log.hpp"
#include "registry/map_events.hpp"
#include "registry/registry_counters.hpp"
#include "registry/repeat_filter.hpp"

namespace ringkv::registry {

class Publication {
  public:
    // `events`: what was stored, in the order of ids.
    explicit Publication(ClusterMap recovered, std::vector<Event> events = {});

    // With every accepted change, durable or not: what the next decision is based on.
    [[nodiscard]] const ClusterMap& map() const { return map_; }
    // What is durable: all that may be sent.
    [[nodiscard]] const ClusterMap& published() const { return published_; }

    // Grows with every change of map().
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    // Of the map that shows all that is in map() now.
    [[nodiscard]] Epoch coming_epoch() const { return changed() ? map_.epoch.next() : map_.epoch; }

    // The first settings make as many empty partitions, of generation 1.
    void put(ClusterSettings settings);
    void put(NodeInfo node);
    void put(PartitionId partition, PartitionState state);
    // Its id is never given again.
    void forget(NodeId node);
    [[nodiscard]] NodeId unused_id() const;

    // What operators are told.
    [[nodiscard]] EventLog& events() { return events_; }
    [[nodiscard]] const EventLog& events() const { return events_; }
    [[nodiscard]] MapEvents& map_events() { return map_events_; }
    // What is about no change of the map.
    EventId note(Time now, Happening happening) { return events_.note(now, published_.epoch, std::move(happening)); }

    // What all parts of the registry count.
    [[nodiscard]] Counters& counters() { return counters_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

    // Leaves in this turn.
    void send(const Origin& to, Message message);
    // Has nothing been stored for more than a second, though there is something to store? A disk that is full, or
    // stalls. What is decided now would be told much later, when its reasons are gone.
    [[nodiscard]] bool stands_still(Time now) const;
    // Does the answer to that Administer wait until something is durable?
    [[nodiscard]] bool owes(const Address& address, RequestId request) const;
    // Do so many answers wait that another might be dropped?
    [[nodiscard]] bool crowded() const;

    // Speaks of map(): leaves once all that is in it now is durable. Dropped when very many wait: a
    // sender that gets no answer asks again.
    void send_when_durable(const Address& address, NodeId to, Message message);
    // A JoinAnswer, likewise, with the map that is published by then.
    void welcome(const Origin& to, NodeId node);
    // A MapSnapshot of what is published.
    void send_snapshot(const Origin& to);
    // A few leave in a turn; of a connection's requests the newest counts.
    void send_events(const Origin& to, EventsRequest request);
    // Refused, logged, and an event.
    void refuse_join(Time now, const Origin& to, const Join& join, bool retry, const std::string& text,
                     bool older_data = false);

    void log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields = {});
    // At most once in ten seconds for the same text.
    void log_seldom(Time now, LogLevel level, const std::string& text);
    // Said once all that is in map() now is durable.
    void log_when_durable(LogLevel level, std::string text,
                          std::vector<std::pair<std::string, std::string>> fields = {});

    // Tells all subscribers the epoch now and then: at the next beacons after a change, so that one that lost the delta
    // asks soon, and else twice in a grace.
    void tick(Time now);
    void durable(BatchNumber number);
    [[nodiscard]] Effects take_effects();

    // What is published is never newer than the map, and what is under way is the epoch after it. Each view has a
    // primary among its members; members, target and learners name each node once, and only nodes of the map; learners
    // are of the target. One identity at most has a name and is not gone.
    void check_invariants() const;

  private:
    struct Welcome {
        NodeId to;
        std::optional<NodeId> node;  // absent: a snapshot
    };

    // What hangs on a batch.
    struct Waiting {
        std::vector<Outgoing> sends;
        std::set<std::pair<Address, RequestId>> administered;  // of the AdministerAnswers in `sends`
        std::map<Address, Welcome> welcomes;
        std::vector<LogLine> log;
    };

    struct UnderWay {
        BatchNumber number;
        std::optional<MapDelta> delta;  // absent: of events alone
        EventId events;                 // up to here they are stored with it
        Waiting waiting;
        Time begun{};
    };

    [[nodiscard]] bool changed() const {
        return settings_changed_ || !nodes_changed_.empty() || !partitions_changed_.empty();
    }
    // Where something goes that speaks of map(); nullptr = all of it is durable.
    [[nodiscard]] Waiting* waiting();
    [[nodiscard]] MapDelta take_delta();
    void start_batch(Effects& effects);
    void release(Waiting waiting);
    void published(MapDelta delta, Waiting waiting);
    void send_maps(std::vector<Outgoing>& sends);
    void send_wanted_events(std::vector<Outgoing>& sends);

    ClusterMap map_;
    ClusterMap published_;

    // What differs between map_ and the newest batch.
    bool settings_changed_ = false;
    std::set<NodeId> nodes_changed_;  // those not in map_ any more are forgotten
    std::set<PartitionId> partitions_changed_;
    Waiting gathering_;

    std::uint64_t changes_ = 0;

    std::optional<UnderWay> under_way_;
    BatchNumber last_batch_;

    std::vector<Outgoing> sends_;
    std::map<Address, Welcome> maps_wanted_;
    Address last_served_;  // of those
    std::vector<LogLine> log_;
    EventLog events_;
    MapEvents map_events_;
    std::map<Address, std::pair<NodeId, EventsRequest>> events_wanted_;
    RepeatFilter repeats_;
    Counters counters_;
    Time now_{};         // of this turn
    Time said_at_{};     // the newest CurrentEpoch to all subscribers
    int say_again_ = 0;  // so many at the next beacons, for what has just changed
};

}  // namespace ringkv::registry
