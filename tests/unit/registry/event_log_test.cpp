// The log of events by itself: numbers, bounds, what is told once it is stored, what repeats itself.
#include "registry/event_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/utc.hpp"
#include "registry/event_kinds.hpp"

namespace ringkv::registry {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class EventLogTest : public ::testing::Test {
  protected:
    EventLogTest() { log.set_clock(since_1970); }

    EventId note(std::string_view kind, const std::string& node = "", EventId cause = {}) {
        return log.note(now, Epoch(5), {kind, node, {}, cause, node + " did it"});
    }
    void pass(Duration time) {
        now += time;
        log.tick(now);
    }
    std::vector<Event> all() {
        if (auto unstored = log.take_unstored(); !unstored.empty()) log.stored(unstored.back().id);
        log.check_invariants();
        return log.answer({}).events;
    }
    std::vector<std::uint64_t> ids_of(const EventsRequest& request) {
        std::vector<std::uint64_t> ids;
        for (const Event& event : log.answer(request).events) ids.push_back(event.id.value());
        return ids;
    }
    static EventsRequest after(std::uint64_t id, std::uint32_t limit = 0) {
        EventsRequest request;
        request.after = EventId(id);
        request.limit = limit;
        return request;
    }

    static constexpr Duration since_1970 = seconds(1795714800);  // 2026-11-26T17:40:00Z, less `now`
    Time now{seconds(0)};
    EventLog log;
};

TEST_F(EventLogTest, GivesNumbersAndTimes) {
    now += std::chrono::microseconds(123900);
    EXPECT_EQ(note(kind::node_down, "n1"), EventId(1));
    EXPECT_EQ(note(kind::views_changed, "n1", EventId(1)), EventId(2));
    const std::vector<Event> events = all();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].kind, "node_down");
    EXPECT_EQ(events[0].epoch, Epoch(5));
    EXPECT_EQ(utc_text(events[0].time), "2026-11-26T17:40:00.123Z");
    EXPECT_EQ(events[1].cause, EventId(1));
}

TEST_F(EventLogTest, TellsOnlyWhatIsStored) {
    note(kind::node_down, "n1");
    const std::vector<Event> first = log.take_unstored();
    note(kind::node_down, "n2");
    EXPECT_THAT(log.answer({}).events, IsEmpty());
    log.stored(first.back().id);
    EXPECT_THAT(ids_of({}), ElementsAre(1));
    EXPECT_EQ(log.answer({}).newest, EventId(1));
    EXPECT_THAT(log.take_unstored(), ElementsAre(::testing::Field(&Event::id, EventId(2))));
    EXPECT_THAT(log.take_unstored(), IsEmpty()) << "each once";
}

TEST_F(EventLogTest, WhatIsStoredWithNothingElseWaitsForASecond) {
    EXPECT_FALSE(log.waits_for_long(now));
    note(kind::registry_started);
    EXPECT_FALSE(log.waits_for_long(now + std::chrono::milliseconds(999)));
    EXPECT_TRUE(log.waits_for_long(now + seconds(1)));
    (void)log.take_unstored();
    EXPECT_FALSE(log.waits_for_long(now + seconds(9)));
}

TEST_F(EventLogTest, KeepsTheNewestTenThousand) {
    for (int i = 0; i < 10005; ++i) note(kind::node_joined, "n" + std::to_string(i));
    (void)all();
    EXPECT_THAT(ids_of(after(0, 2)), ElementsAre(6, 7));
    EXPECT_EQ(log.answer({}).newest, EventId(10005));
    EXPECT_EQ(log.newest_of({kind::node_joined}, "n3"), EventId()) << "it is forgotten";
    EXPECT_EQ(log.newest_of({kind::node_joined}, "n5"), EventId(6));
    EXPECT_EQ(log.newest_of_any({kind::node_joined, kind::node_down}), EventId(10005));
}

TEST_F(EventLogTest, AnswersWhatWasAskedFor) {
    note(kind::node_down, "n1");
    note(kind::node_down, "n2");
    note(kind::node_returned, "n1");
    note(kind::node_joined, "n3");
    (void)all();
    EXPECT_THAT(ids_of({}), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(ids_of(after(2)), ElementsAre(3, 4));
    EXPECT_THAT(ids_of(after(1, 2)), ElementsAre(2, 3));
    EXPECT_TRUE(log.answer(after(1, 2)).more);
    EXPECT_FALSE(log.answer(after(2, 2)).more);
    EXPECT_THAT(ids_of(after(9)), IsEmpty());
    EventsRequest newest;
    newest.limit = 2;
    EXPECT_THAT(ids_of(newest), ElementsAre(3, 4)) << "the oldest first";
    EventsRequest of_a_node;
    of_a_node.node = "n1";
    EXPECT_THAT(ids_of(of_a_node), ElementsAre(1, 3));
    of_a_node.kinds = {"node_joined", "node_returned"};
    EXPECT_THAT(ids_of(of_a_node), ElementsAre(3));
}

TEST_F(EventLogTest, AnAnswerIsBoundedInNumberAndBytes) {
    for (int i = 0; i < 1500; ++i) note(kind::node_joined, "n" + std::to_string(i));
    (void)all();
    EXPECT_EQ(log.answer(after(0)).events.size(), 1000U);
    EXPECT_TRUE(log.answer(after(0)).more);
    EXPECT_EQ(log.answer(after(0, 5000)).events.size(), 1000U);

    for (int i = 0; i < 1000; ++i)
        log.note(now, Epoch(5), {kind::node_joined, "m" + std::to_string(i), {}, {}, std::string(5000, 'x')});
    (void)all();
    EventsRequest request = after(1500);
    std::size_t answers = 0;
    for (EventsAnswer answer = log.answer(request); !answer.events.empty(); answer = log.answer(request), ++answers) {
        std::size_t bytes = 0;
        for (const Event& event : answer.events) bytes += event.text.size();
        EXPECT_LE(bytes, EventLog::answer_bytes);
        request.after = answer.events.back().id;
    }
    EXPECT_EQ(request.after, EventId(2500));
    EXPECT_GE(answers, 4U);
}

// ---------------------------------------------------------------- what repeats itself

TEST_F(EventLogTest, OfAFloodThreeAreToldAndThenOneAMinute) {
    for (int i = 0; i < 600; ++i) {  // ten minutes
        note(kind::node_down, "n1");
        pass(seconds(1));
    }
    const std::vector<Event> events = all();
    EXPECT_LE(events.size(), 13U);
    EXPECT_GE(events.size(), 11U);
    std::uint64_t told = 0;
    for (const Event& event : events) told += event.count;
    EXPECT_GE(told, 540U);
    EXPECT_EQ(events[2].count, 1U);
    EXPECT_GT(events[3].count, 50U);
    EXPECT_THAT(events[3].text, HasSubstr(std::to_string(events[3].count) + " times since 2026-11-26T17:40:03.000Z)"));
}

TEST_F(EventLogTest, FloodsOfOtherNodesAndKindsAreNotMixed) {
    for (int i = 0; i < 10; ++i) note(kind::node_down, "n1");
    EXPECT_EQ(note(kind::node_down, "n2"), EventId(4));
    EXPECT_EQ(note(kind::node_returned, "n1"), EventId(5));
}

TEST_F(EventLogTest, WhatIsOnlyCountedHasTheNumberOfTheOneBefore) {
    for (int i = 0; i < 3; ++i) note(kind::node_down, "n1");
    EXPECT_EQ(note(kind::node_down, "n1"), EventId(3));
    pass(minutes(1));
    EXPECT_EQ(all().back().id, EventId(4));
    EXPECT_THAT(all().back().text, Not(HasSubstr("times"))) << "it was one";
}

TEST_F(EventLogTest, AfterAQuietTimeItIsToldAtOnceAgain) {
    for (int i = 0; i < 4; ++i) note(kind::node_down, "n1");
    pass(minutes(1));
    pass(minutes(10));
    EXPECT_EQ(note(kind::node_down, "n1"), EventId(5));
    EXPECT_EQ(note(kind::node_down, "n1"), EventId(6));
}

TEST_F(EventLogTest, RefusalsAreCountedFromTheSecondOn) {
    EXPECT_EQ(note(kind::join_refused), EventId(1));
    EXPECT_EQ(note(kind::join_refused), EventId(1));
    pass(minutes(1));
    EXPECT_EQ(all().size(), 2U);
}

TEST_F(EventLogTest, AClockThatIsSetBackEndsNoCounting) {
    for (int i = 0; i < 5; ++i) note(kind::node_down, "n1");
    log.set_clock(since_1970 - minutes(60));
    pass(seconds(1));
    pass(minutes(1));
    EXPECT_EQ(all().size(), 4U);
    pass(minutes(11));
    EXPECT_EQ(note(kind::node_down, "n1"), EventId(5));
}

// ---------------------------------------------------------------- after a restart

TEST_F(EventLogTest, GoesOnWithWhatWasStored) {
    note(kind::node_down, "n1");
    for (int i = 0; i < 3; ++i) note(kind::node_returned, "n1");
    EventLog later(all());
    later.set_clock(since_1970);
    later.check_invariants();
    EXPECT_EQ(later.answer({}).events.size(), 4U);
    EXPECT_EQ(later.newest_of({kind::node_down}, "n1"), EventId(1));
    EXPECT_EQ(later.note(now, Epoch(5), {kind::node_returned, "n1"}), EventId(4)) << "the flood goes on";
    EXPECT_EQ(later.note(now, Epoch(5), {kind::node_down, "n1"}), EventId(5));
    EXPECT_EQ(later.take_unstored().size(), 1U);
}

// ---------------------------------------------------------------- the document

TEST(EventKinds, AreThoseOfTheDocument) {
    std::ifstream file(std::string(RINGKV_SOURCE_DIR) + "/docs/events.md");
    std::vector<std::string> documented;
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("| `")) documented.push_back(line.substr(3, line.find('`', 3) - 3));
    EXPECT_THAT(documented, ::testing::UnorderedElementsAreArray(kind::all));
}

}  // namespace
}  // namespace ringkv::registry
