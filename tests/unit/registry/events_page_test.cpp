// GET /api/events: the shape that docs/events.md promises, and what a page may be asked.
#include "registry/edge/events_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "registry/event_kinds.hpp"

namespace ringkv::registry {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EventsPageTest : public ::testing::Test {
  protected:
    EventsPageTest() {
        log_.set_clock(std::chrono::seconds(1795714800));
        note({.kind = kind::registry_started, .text = "started"});
        note({.kind = kind::node_down, .node = "n1", .cause = EventId(1), .text = "n1 is down"});
        note({.kind = kind::views_changed,
              .node = "n1",
              .partition = PartitionId(0),
              .cause = EventId(2),
              .text = "\xff"});
        turning_ = std::thread([this] {
            while (!stop_) {
                page_.offer(log_);
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });
    }
    ~EventsPageTest() override {
        stop_ = true;
        if (turning_.joinable()) turning_.join();
    }

    void note(Happening happening) {
        (void)log_.note(Time(std::chrono::milliseconds(123)), Epoch(7), std::move(happening));
        log_.stored(log_.take_unstored().back().id);
    }
    std::vector<std::uint64_t> ids_of(std::string_view query) {
        const HttpAnswer answer = page_.answer(query);
        EXPECT_EQ(answer.status, 200U) << query;
        EXPECT_EQ(answer.content_type, "application/json");
        std::vector<std::uint64_t> ids;
        const json page = json::parse(answer.body);
        for (const json& event : page.at("events")) ids.push_back(event.at("id"));
        return ids;
    }

    EventLog log_;
    EventsPage page_;
    std::atomic<bool> stop_{false};
    std::thread turning_;
};

TEST_F(EventsPageTest, HasTheDocumentedShape) {
    const json page = json::parse(page_.answer("").body);
    EXPECT_EQ(page, json::parse(R"({"events": [
        {"id": 1, "time": "2026-11-26T17:40:00.123Z", "epoch": 7, "kind": "registry_started", "text": "started"},
        {"id": 2, "time": "2026-11-26T17:40:00.123Z", "epoch": 7, "kind": "node_down", "node": "n1", "cause": 1,
         "text": "n1 is down"},
        {"id": 3, "time": "2026-11-26T17:40:00.123Z", "epoch": 7, "kind": "views_changed", "node": "n1", "partition": 0,
         "cause": 2, "text": "\ufffd"}]})"));
}

TEST_F(EventsPageTest, GivesWhatIsAskedFor) {
    EXPECT_THAT(ids_of("after=1"), ElementsAre(2, 3));
    EXPECT_THAT(ids_of("after=1&limit=1"), ElementsAre(2));
    EXPECT_THAT(ids_of("limit=2"), ElementsAre(2, 3)) << "the newest, the oldest of them first";
    EXPECT_THAT(ids_of("after=3"), ElementsAre());
    EXPECT_THAT(ids_of("after=18446744073709551615"), ElementsAre());
}

TEST_F(EventsPageTest, RefusesWhatItDoesNotUnderstand) {
    for (const std::string query : {"after", "after=", "after=x", "after=-1", "after=1x", "after=18446744073709551616",
                                    "limit=0", "limit=1001", "since=1", "=", "&", "after=1&&limit=1", "%61fter=1"}) {
        const HttpAnswer answer = page_.answer(query);
        EXPECT_EQ(answer.status, 400U) << query;
        EXPECT_THAT(answer.body, HasSubstr("?after=ID")) << query;
    }
}

TEST_F(EventsPageTest, ARegistryThatDoesNotTurnLeavesWhatIsKnown) {
    EXPECT_THAT(ids_of(""), ElementsAre(1, 2, 3));
    stop_ = true;
    turning_.join();
    note({.kind = kind::node_down, .node = "n2", .text = "n2 is down"});
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    EXPECT_THAT(ids_of(""), ElementsAre(1, 2, 3));
}

TEST_F(EventsPageTest, CatchesUpWithMoreThanAnAnswerHas) {
    stop_ = true;
    turning_.join();
    for (int i = 0; i < 2500; ++i) note({.kind = kind::node_joined, .node = "n" + std::to_string(i), .text = "here"});
    stop_ = false;
    turning_ = std::thread([this] {
        while (!stop_) page_.offer(log_);
    });
    EXPECT_EQ(ids_of("").size(), 1000U);
    EXPECT_EQ(ids_of("").back(), 2503U);
    EXPECT_EQ(ids_of("after=0").front(), 1U);
}

}  // namespace
}  // namespace ringkv::registry
