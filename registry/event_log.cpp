#include "registry/event_log.hpp"

#include <algorithm>

#include "common/check.hpp"
#include "common/utc.hpp"
#include "registry/event_kinds.hpp"

namespace ringkv::registry {

namespace {

constexpr Duration between_looks = std::chrono::seconds(1);
constexpr std::size_t bytes_beside_texts = 64;

std::size_t bytes_of(const Event& event) {
    return bytes_beside_texts + event.kind.size() + event.node.size() + event.text.size();
}

bool asked_for(const EventsRequest& request, const Event& event) {
    if (!request.node.empty() && event.node != request.node) return false;
    return request.kinds.empty() || std::ranges::find(request.kinds, event.kind) != request.kinds.end();
}

}  // namespace

EventLog::EventLog(std::vector<Event> recovered) {
    for (Event& event : recovered) {
        Repeats& repeats = repeats_[{event.kind, event.node}];
        repeats.told.push_back(event.time);
        if (repeats.told.size() > kind::told_singly(event.kind)) repeats.told.pop_front();
        repeats.newest = newest_ = event.id;
        keep(std::move(event));
    }
    given_ = stored_ = newest_;
}

void EventLog::forget_old(Repeats& repeats, Duration time) {
    // The clock was set back: then the newest is of now.
    for (Duration& told : repeats.told) told = std::min(told, time);
    while (!repeats.told.empty() && time - repeats.told.front() >= flood_window) repeats.told.pop_front();
}

EventId EventLog::note(Time now, Epoch epoch, Happening happening) {
    Event event;
    event.time = wall(now);
    event.epoch = epoch;
    event.kind = happening.kind;
    event.node = std::move(happening.node);
    event.partition = happening.partition;
    event.cause = happening.cause;
    event.text = std::move(happening.text);
    if (event.text.size() > longest_text) event.text.resize(longest_text);
    Repeats& repeats = repeats_[{event.kind, event.node}];
    forget_old(repeats, event.time);
    if (!repeats.counted && repeats.told.size() < kind::told_singly(event.kind))
        return write(now, repeats, std::move(event));
    if (!repeats.counted) repeats.since = event.time;
    if (repeats.counted) event.count = repeats.counted->count + 1;
    repeats.counted = std::move(event);
    return repeats.newest;
}

EventId EventLog::write(Time now, Repeats& repeats, Event event) {
    if (given_ == newest_) waits_since_ = now;
    RINGKV_CHECK(event.cause <= newest_, "an event before its cause");
    event.id = newest_ = newest_.next();
    repeats.newest = event.id;
    repeats.told.push_back(event.time);
    if (repeats.told.size() > kind::told_singly(event.kind)) repeats.told.pop_front();
    keep(std::move(event));
    given_ = std::max(given_, events_.front().id.previous());
    return newest_;
}

void EventLog::keep(Event event) {
    newest_of_[{event.kind, event.node}] = newest_of_kind_[event.kind] = event.id;
    events_.push_back(std::move(event));
    if (events_.size() <= most_kept) return;
    const Event& oldest = events_.front();
    if (const auto found = newest_of_.find({oldest.kind, oldest.node}); found->second == oldest.id)
        newest_of_.erase(found);
    events_.pop_front();
}

void EventLog::tick(Time now) {
    if (now - looked_at_ < between_looks) return;
    looked_at_ = now;
    const Duration time = wall(now);
    for (auto& [which, repeats] : repeats_) {
        forget_old(repeats, time);
        const bool soon = !repeats.told.empty() && time - repeats.told.back() < between_counted;
        if (!repeats.counted || soon) continue;
        Event event = *std::exchange(repeats.counted, std::nullopt);
        if (event.count > 1)
            event.text += " (" + std::to_string(event.count) + " times since " + utc_text(repeats.since) + ")";
        write(now, repeats, std::move(event));
    }
    std::erase_if(repeats_, [](const auto& item) { return !item.second.counted && item.second.told.empty(); });
}

EventId EventLog::newest_of(Kinds kinds, std::string_view node) const {
    EventId newest;
    for (const std::string_view kind : kinds)
        if (const auto found = newest_of_.find({std::string(kind), std::string(node)}); found != newest_of_.end())
            newest = std::max(newest, found->second);
    return newest;
}

EventId EventLog::newest_of_any(Kinds kinds) const {
    EventId newest;
    for (const std::string_view kind : kinds)
        if (const auto found = newest_of_kind_.find(kind); found != newest_of_kind_.end())
            newest = std::max(newest, found->second);
    return newest;
}

bool EventLog::within(EventId event, Time now, Duration time) const {
    const auto found = std::ranges::lower_bound(events_, event, {}, &Event::id);
    return found != events_.end() && found->id == event && wall(now) - found->time <= time;
}

std::vector<Event> EventLog::take_unstored() {
    const auto first = std::ranges::find_if(events_, [this](const Event& event) { return event.id > given_; });
    given_ = newest_;
    return {first, events_.end()};
}

EventsAnswer EventLog::answer(const EventsRequest& request) const {
    EventsAnswer answer;
    answer.request = request.request;
    answer.newest = stored_;
    const std::size_t most = request.limit == 0 ? most_answered : std::min<std::size_t>(request.limit, most_answered);
    std::size_t bytes = 0;
    // False: it is full.
    const auto add = [&](const Event& event) {
        if (event.id > stored_ || !asked_for(request, event)) return true;
        bytes += bytes_of(event);
        if (answer.events.size() >= most || (bytes > answer_bytes && !answer.events.empty())) return false;
        answer.events.push_back(event);
        return true;
    };
    if (request.after) {
        auto event = std::ranges::upper_bound(events_, *request.after, {}, &Event::id);
        while (event != events_.end() && add(*event)) ++event;
        answer.more = event != events_.end();
    } else {
        auto event = events_.rbegin();
        while (event != events_.rend() && add(*event)) ++event;
        std::ranges::reverse(answer.events);
    }
    return answer;
}

void EventLog::check_invariants() const {
    RINGKV_CHECK(events_.size() <= most_kept, "more events than are kept");
    RINGKV_CHECK(stored_ <= given_ && given_ <= newest_, "more events are stored than there are");
    RINGKV_CHECK(events_.empty() || events_.back().id == newest_, "the newest event is not the last");
    RINGKV_CHECK(events_.empty() || events_.back().id.value() - events_.front().id.value() + 1 == events_.size(),
                 "an event's number is left out");
}

}  // namespace ringkv::registry
