// GET /api/events of the registry: its events as JSON (docs/events.md).
//
//     ?after=ID    those above it, the oldest first; without it: the newest
//     ?limit=N     at most so many, 1 to 1000; 1000 if it is not said
//
// The page has a copy of its own, and asks the registry ten times a second at most for what is new: so however often it
// is asked for, that costs the registry next to nothing.
#pragma once

#include <atomic>
#include <deque>
#include <string_view>

#include "common/edge/http/http_server.hpp"
#include "common/edge/observing/observed.hpp"
#include "registry/event_log.hpp"

namespace ringkv::registry {

class EventsPage {
  public:
    // The registry's thread, in each turn.
    void offer(const EventLog& log);
    // The HTTP server's thread. 400 to a query that is not understood. Where the registry does not turn: what is known.
    [[nodiscard]] HttpAnswer answer(std::string_view query);

  private:
    void refresh();

    Observed<EventsAnswer> observed_;
    std::atomic<std::uint64_t> after_{0};
    std::deque<Event> events_;
    Time refreshed_at_{};
};

}  // namespace ringkv::registry
