// A ringkv::Admin that says what the test wants and notes what it is asked. It takes the library's place when the test
// program is linked. The registry tcp://127.0.0.1:1 is not there.
#pragma once

#include <ringkv/admin.hpp>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringkv::fake {

struct Administration {
    std::map<std::string, std::deque<NodeMoves>> moves;  // successive answers by node; the last one stays; none: gone
    Holdings holdings;
    Plan plan;
    std::optional<Error> plan_error;
    std::optional<Error> change_error;
    Settings settings{std::chrono::seconds(30), 64U << 20U, 4, 10};
    RepairStatus repair;
    std::vector<ClusterEvent> events;                         // all that there are
    std::function<void(std::size_t)> events_asked = nullptr;  // before each answer; how many there were
    std::size_t most_events = 1000;                           // in an answer
    std::optional<Error> events_error;
    Condition condition;
    std::optional<Error> condition_error;
    std::deque<Load> loads;  // successive answers; the last one stays
    // What was asked.
    std::vector<std::string> changes;  // "drain n4"
    PlanRequest request;
    std::vector<EventQuery> queries;
};

// All Admins share it.
Administration& administration();

}  // namespace ringkv::fake
