#include "common/edge/running/event_loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "common/edge/system/clock.hpp"
#include "ports.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

using Journal = std::vector<std::string>;

// Writes down what is done to it, and gives out the effects it was prepared with, one after the other.
class FakeActor : public Actor {
  public:
    explicit FakeActor(Journal& journal) : journal_(journal) {}

    void receive(Time now, const Origin& from, Message message) override {
        saw(now);
        origins.push_back(from);
        journal_.push_back("receive " + std::string(name_of(message)));
        if (on_receive) on_receive();
    }
    void tick(Time now) override {
        saw(now);
        journal_.emplace_back("tick");
        if (on_tick) on_tick();
    }
    void durable(Time now, BatchNumber number) override {
        saw(now);
        journal_.push_back("durable " + std::to_string(number.value()));
        if (on_durable) on_durable(number);
    }
    Effects take_effects() override {
        journal_.emplace_back("take");
        return std::exchange(next, {});
    }
    [[nodiscard]] Identity identity() const override { return {Uuid{{9}}, NodeId(1), StartNumber(2)}; }
    [[nodiscard]] bool finished() const override { return done; }

    // A batch of one record, and messages that leave with it.
    void prepare(std::uint64_t number, std::vector<Outgoing> sends = {}) {
        next.number = BatchNumber(number);
        next.batch.emplace_back(CommitRecord{PartitionId(1), OpNumber(number)});
        next.sends = std::move(sends);
    }

    Effects next;
    [[nodiscard]] std::size_t bytes_to_send() const override { return bytes; }

    std::function<void()> on_receive;
    std::size_t bytes = 0;
    std::function<void()> on_tick;
    std::function<void(BatchNumber)> on_durable;
    std::vector<Origin> origins;
    bool done = false;

  private:
    void saw(Time now) {
        EXPECT_GE(now, last_);
        EXPECT_LE(now, boot_time());
        last_ = now;
    }
    Journal& journal_;
    Time last_ = boot_time();
};

class FakeStorage : public Storage {
  public:
    explicit FakeStorage(Journal& journal) : journal_(journal) {}

    Result<void> commit(BatchNumber number, StorageBatch&& batch) override {
        journal_.push_back("commit " + std::to_string(number.value()));
        EXPECT_FALSE(batch.empty());
        if (broken) return Error(ErrorCode::storage, "the disk is on fire");
        if (at_once) durable_ = number.value();
        return {};
    }
    [[nodiscard]] Result<BatchNumber> durable() const override {
        if (lost) return Error(ErrorCode::storage, "the disk went away");
        return BatchNumber(durable_.load());
    }
    void finish(std::uint64_t number) { durable_ = number; }

    bool at_once = true;
    bool broken = false;
    bool lost = false;

  private:
    Journal& journal_;
    std::atomic<std::uint64_t> durable_{0};
};

std::unique_ptr<Transport> opened(const TransportOptions& options) {
    auto transport = Transport::open(options);
    EXPECT_TRUE(transport);
    return std::move(*transport);
}

// An actor, a store that is durable at once, and a transport that listens nowhere.
class EventLoopTest : public testing::Test {
  protected:
    Journal journal;
    FakeActor actor{journal};
    FakeStorage storage{journal};
    NoStorage no_storage;
    std::unique_ptr<Transport> transport = opened({});
};

TEST_F(EventLoopTest, StoresAndTellsTheActorInOneTurnWhenStorageIsDurableAtOnce) {
    EventLoop loop(actor, storage, *transport);
    loop.each_turn([&](Time now) {
        EXPECT_LE(now, boot_time());
        journal.emplace_back("input");
    });
    actor.on_tick = [&] { actor.prepare(1); };
    actor.on_durable = [&](BatchNumber number) {
        if (number == BatchNumber(1)) actor.prepare(2);  // what was kept back may store something itself
        if (number == BatchNumber(2)) actor.done = true;
    };
    ASSERT_TRUE(loop.run());
    EXPECT_THAT(journal,
                ElementsAre("input", "tick", "take", "commit 1", "durable 1", "take", "commit 2", "durable 2", "take"));
}

TEST_F(EventLoopTest, TellsTheActorInALaterTurnWhenStorageIsDurableLater) {
    storage.at_once = false;
    EventLoop loop(actor, storage, *transport);
    int turns = 0;
    actor.on_tick = [&] {
        ++turns;
        if (turns <= 2) actor.prepare(static_cast<std::uint64_t>(turns));  // it goes on before the first is durable
        if (turns == 3) storage.finish(2);
        if (turns == 4) actor.done = true;
    };
    ASSERT_TRUE(loop.run());
    EXPECT_THAT(journal, ElementsAre("tick", "take", "commit 1", "take", "tick", "take", "commit 2", "take", "tick",
                                     "durable 2", "take", "tick", "take"));
}

TEST_F(EventLoopTest, GoesOnNextTurnWithAnActorThatAlwaysHasMore) {
    EventLoop loop(actor, storage, *transport, {.tick = seconds(600)});
    std::uint64_t number = 0;
    actor.on_tick = [&] {
        if (number == 0) actor.prepare(++number);
        actor.done = number == 100;
    };
    actor.on_durable = [&](BatchNumber) {
        if (number < 100) {
            actor.prepare(++number);
        } else {
            transport->wake();
        }
    };
    transport->wake();  // the first wait and the last; those between must be none
    ASSERT_TRUE(loop.run());
    EXPECT_GT(std::count(journal.begin(), journal.end(), "tick"), 1);
    std::vector<std::string> commits;
    for (const std::string& line : journal)
        if (line.rfind("commit", 0) == 0) commits.push_back(line);
    ASSERT_EQ(commits.size(), number) << "some effects were taken and not carried out";
    for (std::size_t i = 0; i < commits.size(); ++i) EXPECT_EQ(commits[i], "commit " + std::to_string(i + 1));
}

TEST_F(EventLoopTest, ABrokenStoreEndsItBeforeAnythingIsSent) {
    storage.broken = true;
    EventLoop loop(actor, storage, *transport);
    actor.on_tick = [&] { actor.prepare(1, {{Address::to("tcp://127.0.0.1:9"), NodeId(), CurrentEpoch{}}}); };
    const auto ended = loop.run();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code(), ErrorCode::storage);
    EXPECT_THAT(journal, ElementsAre("tick", "take", "commit 1"));
    EXPECT_EQ(transport->counters().dropped + transport->counters().frames_out(), 0U);
}

TEST_F(EventLoopTest, AStoreThatFailsLaterEndsItThoughTheActorStoresNothingMore) {
    storage.at_once = false;
    EventLoop loop(actor, storage, *transport);
    int turns = 0;
    actor.on_tick = [&] {
        if (++turns == 1) actor.prepare(1);
        storage.lost = turns == 3;
    };
    const auto ended = loop.run();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code(), ErrorCode::storage);
    EXPECT_THAT(journal, ElementsAre("tick", "take", "commit 1", "take", "tick", "take", "tick"));
}

TEST_F(EventLoopTest, EndsWhenStoppedFromAnotherThread) {
    EventLoop loop(actor, no_storage, *transport, {.tick = seconds(600)});
    std::thread stopper([&] {
        std::this_thread::sleep_for(milliseconds(20));
        loop.stop();
    });
    const Time start = boot_time();
    EXPECT_TRUE(loop.run());
    stopper.join();
    EXPECT_LT(boot_time() - start, seconds(300));
}

TEST_F(EventLoopTest, TicksWithoutMessagesAndSoonWhenWoken) {
    {
        EventLoop loop(actor, no_storage, *transport, {.tick = milliseconds(1)});
        int ticks = 0;
        actor.on_tick = [&] { actor.done = ++ticks == 5; };
        EXPECT_TRUE(loop.run());
    }
    actor.done = false;
    EventLoop loop(actor, no_storage, *transport, {.tick = seconds(600)});
    actor.on_tick = [&] { actor.done = true; };
    loop.wake();
    const Time start = boot_time();
    EXPECT_TRUE(loop.run());
    EXPECT_LT(boot_time() - start, seconds(300));
}

// A server of the actor; the transport is a client of it.
TEST_F(EventLoopTest, TakesABoundedBatchThenTicksThenSends) {
    TransportOptions options;
    options.listen = free_endpoint();
    auto server = opened(options);
    const Identity identity{Uuid{{7}}, NodeId(3), StartNumber(4)};
    const Outgoing request{Address::to(*options.listen), NodeId(1), CurrentEpoch{}};
    // Connected first, and everything there before the loop starts: so that one turn sees all of it.
    const Time deadline = boot_time() + seconds(60);
    for (int i = 0; i < 5; ++i) transport->send(identity, {&request, 1});  // each waits for the connection
    while (transport->counters().frames_out() < 5 && boot_time() < deadline) transport->poll(milliseconds(1));
    ASSERT_EQ(transport->counters().frames_out(), 5U);
    std::this_thread::sleep_for(milliseconds(300));

    EventLoop loop(actor, storage, *server, {.tick = seconds(600), .frames = 3});
    actor.on_tick = [&] {
        if (actor.origins.size() < 5) return;
        actor.prepare(1, {{actor.origins.back().address, NodeId(3), MapRequest{Generation(1), Epoch(2)}}});
        actor.done = true;
    };
    ASSERT_TRUE(loop.run());
    ASSERT_EQ(actor.origins.size(), 5U);
    std::size_t in_a_row = 0;
    for (const std::string& line : journal) {
        in_a_row = line == "receive CurrentEpoch" ? in_a_row + 1 : 0;
        EXPECT_LE(in_a_row, 3U);
    }
    ASSERT_GE(journal.size(), 5U);
    EXPECT_EQ((Journal{journal.end() - 5, journal.end()}), (Journal{"tick", "take", "commit 1", "durable 1", "take"}));
    EXPECT_EQ(actor.origins.front().cluster, identity.cluster);
    EXPECT_EQ(actor.origins.front().to, NodeId(1));

    std::vector<Origin> answers;
    while (answers.empty() && boot_time() < deadline) {
        transport->poll(milliseconds(5));
        transport->receive(10, [&](const Origin& from, Message message) {
            EXPECT_EQ(std::get<MapRequest>(message).epoch, Epoch(2));
            answers.push_back(from);
        });
    }
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers.front().node, NodeId(1));  // the actor's identity is in the envelope
    EXPECT_EQ(answers.front().start, StartNumber(2));
    EXPECT_EQ(answers.front().cluster, (Uuid{{9}}));
}

// What one turn was fed: how often each "receive ..." stands in a row.
std::size_t longest_row(const Journal& journal, const std::string& line) {
    std::size_t longest = 0;
    std::size_t row = 0;
    for (const std::string& seen : journal) longest = std::max(longest, row = seen == line ? row + 1 : 0);
    return longest;
}

// A client, another node, and a server that has a frame of `requests` gets of the one, and then one of `beacons` of the
// other.
class FedEventLoop : public EventLoopTest {
  protected:
    void feed(std::size_t requests, std::size_t beacons = 1) {
        TransportOptions options;
        options.listen = free_endpoint();
        options.longest_wait = seconds(600);
        server = opened(options);
        node = opened({});
        const Address to = Address::to(*options.listen);
        hand({to, {}, CurrentEpoch{}}, *transport, {});
        hand({to, {}, CurrentEpoch{}}, *node, {Uuid{{7}}, NodeId(3), StartNumber(4)});
        const std::vector<Outgoing> reads(requests, {to, {}, Get{RequestId(1), PartitionId(1), "key"}});
        transport->send({}, reads);
        std::this_thread::sleep_for(milliseconds(100));
        const std::vector<Outgoing> claims(beacons, {to, {}, Beacon{}});
        node->send({Uuid{{7}}, NodeId(3), StartNumber(4)}, claims);
        std::this_thread::sleep_for(milliseconds(300));
    }
    void run_until_all_came(std::size_t requests, std::ptrdiff_t beacons = 1) {
        EventLoop loop(actor, storage, *server, {.tick = seconds(600)});
        const Time deadline = boot_time() + seconds(60);
        const auto came = [&](const std::string& line) { return std::count(journal.begin(), journal.end(), line); };
        actor.on_tick = [&] {
            actor.bytes = 0;
            actor.done = boot_time() > deadline || (came("receive Get") == static_cast<std::ptrdiff_t>(requests) &&
                                                    came("receive Beacon") == beacons);
        };
        ASSERT_TRUE(loop.run());
        ASSERT_EQ(came("receive Get"), static_cast<std::ptrdiff_t>(requests));
        ASSERT_EQ(came("receive Beacon"), beacons);
    }
    std::size_t gets_before_the_beacon() const {
        const auto beacon = std::find(journal.begin(), journal.end(), "receive Beacon");
        return static_cast<std::size_t>(std::count(journal.begin(), beacon, "receive Get"));
    }

    std::unique_ptr<Transport> server;
    std::unique_ptr<Transport> node;

  private:
    static void hand(const Outgoing& first, Transport& from, const Identity& identity) {
        const Time deadline = boot_time() + seconds(60);
        while (from.counters().frames_out() == 0 && boot_time() < deadline) {
            from.send(identity, {&first, 1});
            from.poll(milliseconds(1));
        }
    }
};

// Half a second of reads in one frame, and a peer's beacon behind it.
TEST_F(FedEventLoop, APeerIsHeardWithinATurnWhateverAClientAsksFor) {
    feed(500);
    actor.on_receive = [] { std::this_thread::sleep_for(milliseconds(1)); };
    run_until_all_came(500);
    EXPECT_LE(gets_before_the_beacon(), 50U);
    EXPECT_LE(longest_row(journal, "receive Get"), 50U);
}

// The turn ends as soon as it has lasted for long enough, and not when so many messages are over.
TEST_F(FedEventLoop, ATurnEndsAfterAFewHeavyMessagesOfANode) {
    feed(1, 64);
    actor.on_receive = [] { std::this_thread::sleep_for(milliseconds(5)); };
    run_until_all_came(1, 64);
    EXPECT_LE(longest_row(journal, "receive Beacon"), 4U);
}

TEST_F(FedEventLoop, ATurnEndsWhenItHasMadeManyBytes) {
    feed(500);
    actor.on_receive = [&] { actor.bytes += std::size_t{1} << 20U; };
    run_until_all_came(500);
    EXPECT_LE(longest_row(journal, "receive Get"), 10U);
}

TEST_F(FedEventLoop, ATurnEndsAfterManyMessages) {
    feed(10000);
    run_until_all_came(10000);
    EXPECT_LE(longest_row(journal, "receive Get"), 4096U);
}

TEST_F(EventLoopTest, SubscribesWhenTheActorAsks) {
    TransportOptions options;
    options.publish = free_endpoint();
    auto publisher = opened(options);
    EventLoop loop(actor, no_storage, *transport);
    bool asked = false;
    const Time deadline = boot_time() + seconds(60);
    const Outgoing beacon{Address::all_subscribers(), NodeId(), CurrentEpoch{}};
    actor.on_tick = [&] {
        if (!std::exchange(asked, true)) actor.next.subscribe = *options.publish;
        publisher->send(Identity{}, {&beacon, 1});
        actor.done = !actor.origins.empty() || boot_time() > deadline;
    };
    ASSERT_TRUE(loop.run());
    ASSERT_FALSE(actor.origins.empty());
    EXPECT_EQ(actor.origins.front().address, Address::to(*options.publish));
}

// What arrived meanwhile is taken in afterwards.
TEST_F(EventLoopTest, APausedLoopTakesNoTurnUntilItIsResumed) {
    EventLoop loop(actor, no_storage, *transport, {.tick = milliseconds(1)});
    std::atomic<int> turns{0};
    loop.each_turn([&](Time) { ++turns; });
    loop.pause();
    std::thread thread([&] { EXPECT_TRUE(loop.run()); });
    loop.wake();
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(turns, 0);
    loop.resume();
    while (turns == 0) std::this_thread::yield();
    loop.pause();
    loop.stop();  // ends a pause as well
    thread.join();
    loop.resume();  // and nothing undoes it
    const int before = turns;
    EXPECT_TRUE(loop.run());
    EXPECT_EQ(turns, before);
}

}  // namespace
}  // namespace ringkv
