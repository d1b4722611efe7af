// What operators read after a bad night: what happened to the cluster, and because of what (docs/events.md). The newest
// ten thousand events; an event that was told is never changed.
//
// What repeats itself does not fill it. Of one kind and one node, three events within ten minutes (of some kinds one)
// are told each by itself; what comes more is counted, and told as one ("5 times since ..."), at the earliest a minute
// after the one before.
//
// Pure. An event is told to others only once it is stored: the log hands out what is to be stored, with whatever is
// stored next, or by itself when it has waited for a second.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/event.hpp"
#include "common/messages.hpp"

namespace ringkv::registry {

// Of what has just happened; the log gives it a number and a time.
struct Happening {
    std::string_view kind;  // of registry/event_kinds.hpp
    std::string node{};
    std::optional<PartitionId> partition{};
    EventId cause{};
    std::string text{};
};

class EventLog {
  public:
    static constexpr std::size_t most_kept = 10000;
    static constexpr Duration flood_window = std::chrono::minutes(10);
    static constexpr Duration between_counted = std::chrono::minutes(1);
    static constexpr Duration alone_after = std::chrono::seconds(1);
    static constexpr std::size_t longest_text = 1000;
    static constexpr std::size_t most_answered = 1000;                    // events in an answer
    static constexpr std::size_t answer_bytes = std::size_t{256} << 10U;  // of them

    // `recovered`: what was stored, in the order of ids.
    explicit EventLog(std::vector<Event> recovered = {});

    // What added to a Time makes a time since 1970, UTC: the driver's, which alone can read that clock. Until it is
    // said, events have the time of the boot-time clock.
    void set_clock(Duration offset) { offset_ = offset; }
    // Since 1970, UTC.
    [[nodiscard]] Duration wall(Time now) const { return now.time_since_epoch() + offset_; }
    // -> its number; or that of the newest of its kind and node, where this one is only counted.
    EventId note(Time now, Epoch epoch, Happening happening);
    // What was counted is told, when it is time.
    void tick(Time now);

    using Kinds = std::initializer_list<std::string_view>;
    // The newest of one of these kinds that is about this node (or about none); none: there is none.
    [[nodiscard]] EventId newest_of(Kinds kinds, std::string_view node = {}) const;
    // Whatever it is about.
    [[nodiscard]] EventId newest_of_any(Kinds kinds) const;
    // Did it happen within the time before now? Of none: no.
    [[nodiscard]] bool within(EventId event, Time now, Duration time) const;

    // There is something to be stored that has waited for long enough.
    [[nodiscard]] bool waits_for_long(Time now) const { return given_ < newest_ && now - waits_since_ >= alone_after; }
    // All that is to be stored, once.
    [[nodiscard]] std::vector<Event> take_unstored();
    // What was given up to there is stored: it may be told.
    void stored(EventId up_to) { stored_ = up_to; }

    // What is stored, bounded by number and bytes.
    [[nodiscard]] EventsAnswer answer(const EventsRequest& request) const;
    [[nodiscard]] EventId newest_stored() const { return stored_; }
    // Numbers without a gap, no more than are kept, and none stored that there is not.
    void check_invariants() const;

  private:
    // Of one kind and node.
    struct Repeats {
        std::deque<Duration> told;     // when the newest ones were, within the window
        EventId newest;                // of those
        std::optional<Event> counted;  // the newest of those that were not, of which there are `count`
        Duration since{};              // when the first of them was
    };

    EventId write(Time now, Repeats& repeats, Event event);
    void keep(Event event);
    static void forget_old(Repeats& repeats, Duration time);

    std::deque<Event> events_;
    std::map<std::pair<std::string, std::string>, EventId> newest_of_;  // of events_, by kind and node
    std::map<std::string, EventId, std::less<>> newest_of_kind_;
    EventId newest_;
    EventId given_;  // to be stored
    EventId stored_;
    Time waits_since_{};
    Time looked_at_{};
    Duration offset_{};
    std::map<std::pair<std::string, std::string>, Repeats> repeats_;  // by kind and node
};

}  // namespace ringkv::registry
