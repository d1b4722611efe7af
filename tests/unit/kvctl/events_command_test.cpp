// events: what is shown and asked, as lines and as JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/kvctl/fake_admin.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ClusterEvent event(std::uint64_t id, const std::string& kind, std::uint64_t cause = 0) {
    ClusterEvent event;
    event.id = id;
    event.time = "2026-11-26T17:40:00.123Z";
    event.epoch = 9;
    event.kind = kind;
    event.cause = cause;
    event.text = "text of " + std::to_string(id);
    return event;
}

class Events : public testing::Test {
  protected:
    Events() {
        has = {};
        has.events = {event(11, "node_suspected"), event(12, "views_changed", 11), event(13, "under_replicated", 12)};
        has.events[0].node = "n1";
        has.events[2].partition = 7;
    }
    ~Events() override { has = {}; }

    // The n-th question from 0 on is answered after this: the test then ends what follows.
    void at_question(std::size_t number, std::function<void()> act) {
        has.events_asked = [number, act = std::move(act)](std::size_t asked) {
            if (asked == number) act();
            if (asked >= number + 1) (void)note_interrupt();
        };
    }

    fake::Administration& has = fake::administration();
};

TEST_F(Events, AreLinesThatSayBecauseOfWhat) {
    const Ran ran = kvctl({"events"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out,
              "    ID  TIME (UTC)               KIND               NODE      WHAT\n"
              "    11  2026-11-26 17:40:00.123  node_suspected     n1        text of 11\n"
              "    12  2026-11-26 17:40:00.123  views_changed      -           text of 12  (because of 11)\n"
              "    13  2026-11-26 17:40:00.123  under_replicated   -             text of 13  (because of 12)\n");
}

TEST_F(Events, AnArrayIsTheirJson) {
    const Ran ran = kvctl({"events", "-o", "json"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(json::parse(ran.out), json::parse(R"([
        {"id": 11, "time": "2026-11-26T17:40:00.123Z", "epoch": 9, "kind": "node_suspected", "node": "n1",
         "text": "text of 11"},
        {"id": 12, "time": "2026-11-26T17:40:00.123Z", "epoch": 9, "kind": "views_changed", "cause": 11,
         "text": "text of 12"},
        {"id": 13, "time": "2026-11-26T17:40:00.123Z", "epoch": 9, "kind": "under_replicated", "partition": 7,
         "cause": 12, "text": "text of 13"}])"));
    has.events.clear();
    EXPECT_EQ(kvctl({"events", "-o", "json"}).out, "[]\n");
}

TEST_F(Events, WhatIsWantedIsAskedOfTheRegistry) {
    kvctl({"events", "--kind", "node_down", "--kind", "node_returned", "--node", "n1"});
    ASSERT_EQ(has.queries.size(), 1U);
    EXPECT_THAT(has.queries[0].kinds, ElementsAre("node_down", "node_returned"));
    EXPECT_EQ(has.queries[0].node, "n1");
    EXPECT_EQ(has.queries[0].after, std::nullopt);
    EXPECT_EQ(has.queries[0].limit, 100U);
}

TEST_F(Events, AllAfterOneComeInAsManyAnswersAsItTakes) {
    has.events.clear();
    for (std::uint64_t id = 1; id <= 25; ++id) has.events.push_back(event(id, "node_joined"));
    has.most_events = 10;
    const json all = json::parse(kvctl({"events", "--after", "3", "-o", "json"}).out);
    EXPECT_EQ(all.size(), 22U);
    EXPECT_EQ(has.queries.size(), 3U);
    EXPECT_EQ(json::parse(kvctl({"events", "--after", "0", "--limit", "12", "-o", "json"}).out).size(), 12U);
    EXPECT_EQ(json::parse(kvctl({"events", "--limit", "2", "-o", "json"}).out).front().at("id"), 24);
}

TEST_F(Events, FollowedTheyComeAsTheyHappenUntilAnInterrupt) {
    at_question(1, [this] { has.events.push_back(event(14, "node_down", 11)); });
    const Ran ran = kvctl({"events", "--follow", "-o", "json", "--limit", "1"});
    EXPECT_EQ(ran.code, 0);
    std::istringstream lines(ran.out);
    std::vector<int> ids;
    for (std::string line; std::getline(lines, line);) ids.push_back(json::parse(line).at("id"));
    EXPECT_THAT(ids, ElementsAre(13, 14));
}

TEST_F(Events, ARegistryThatIsAwayIsWaitedForWhileTheyAreFollowed) {
    has.events_asked = [this](std::size_t asked) {
        if (asked == 1) has.events_error = Error(ErrorCode::unavailable, "no answer");
        if (asked == 3) has.events_error.reset();
        if (asked == 3) has.events.push_back(event(14, "registry_started"));
        if (asked == 4) (void)note_interrupt();
    };
    const Ran ran = kvctl({"events", "--follow"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.err, HasSubstr("no answer; it is asked again\nthe registry answers again\n"));
    EXPECT_THAT(ran.out, HasSubstr("registry_started"));
}

TEST_F(Events, WithoutARegistryTheyAreNotTold) {
    has.events_error = Error(ErrorCode::unavailable, "no answer");
    EXPECT_EQ(kvctl({"events"}).code, 4);
    EXPECT_EQ(kvctl({"events", "--registry", "tcp://127.0.0.1:1"}).code, 4);
}

TEST_F(Events, NothingInThemMovesTheCursor) {
    has.events[0].text = "\033[2J";
    has.events[0].node = "\033[H";
    has.events[0].kind = "\033[K";
    EXPECT_THAT(kvctl({"events"}).out, Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace ringkv::kvctl
