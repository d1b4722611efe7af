#include "client/edge/hand_over_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <thread>
#include <vector>

namespace ringkv {
namespace {

struct Item : HandOverLink {
    Item(int from, int which) : thread(from), number(which) {}
    int thread;
    int number;
};
using Queue = HandOverQueue<Item>;

Queue::Put put(Queue& queue, Item& item) {
    const std::array<Item*, 1> one{&item};
    return queue.put(one);
}

std::vector<int> taken(Queue& queue) {
    std::vector<int> numbers;
    queue.take([&](Item& item) { numbers.push_back(item.number); });
    return numbers;
}

TEST(HandOverQueue, GivesAllInTheOrderInWhichTheyWerePut) {
    Queue queue;
    std::deque<Item> items;
    for (int i = 0; i < 6; ++i) items.emplace_back(0, i);
    (void)put(queue, items[0]);
    const std::array<Item*, 3> burst{&items[1], &items[2], &items[3]};
    (void)queue.put(burst);
    (void)put(queue, items[4]);
    EXPECT_EQ(taken(queue), (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_EQ(taken(queue), std::vector<int>{});
    (void)put(queue, items[5]);
    EXPECT_EQ(taken(queue), std::vector<int>{5});
}

TEST(HandOverQueue, WakesOnceForABurstAndNeverOneThatIsAwake) {
    Queue queue;
    Item a(0, 0), b(0, 1), c(0, 2);
    EXPECT_EQ(put(queue, a), Queue::Put::wake_needed) << "it sleeps at first";
    EXPECT_EQ(put(queue, b), Queue::Put::quietly);
    EXPECT_FALSE(queue.sleep()) << "two are there";
    EXPECT_EQ(taken(queue).size(), 2U);
    EXPECT_EQ(put(queue, c), Queue::Put::quietly) << "it is awake";
    EXPECT_FALSE(queue.sleep());
    EXPECT_EQ(taken(queue).size(), 1U);
    EXPECT_TRUE(queue.sleep());
    EXPECT_TRUE(queue.sleep()) << "again, with nothing in between";
    EXPECT_EQ(put(queue, a), Queue::Put::wake_needed);
}

TEST(HandOverQueue, AcceptsNothingOnceItIsClosed) {
    Queue queue;
    Item a(0, 0), b(0, 1);
    (void)put(queue, a);
    std::vector<int> last;
    queue.close([&](Item& item) { last.push_back(item.number); });
    EXPECT_EQ(last, std::vector<int>{0});
    EXPECT_EQ(put(queue, b), Queue::Put::refused);
    queue.close([&](Item&) { ADD_FAILURE() << "nothing can be there"; });
}

// A thread that is told to wake the taker does; so a taker that waits for that signal misses nothing.
TEST(HandOverQueue, LosesAndDoublesNothingAmongThreads) {
    constexpr int threads = 4;
    constexpr int each = 20000;
    Queue queue;
    std::atomic<int> signals{0};
    std::vector<std::deque<Item>> items(threads);
    std::vector<std::thread> putters;
    for (int t = 0; t < threads; ++t) {
        for (int i = 0; i < each; ++i) items[t].emplace_back(t, i);
        putters.emplace_back([&, t] {
            for (Item& item : items[t]) {
                if (put(queue, item) != Queue::Put::wake_needed) continue;
                ++signals;
                signals.notify_one();
            }
        });
    }
    std::array<int, threads> next{};
    for (int count = 0, used = 0; count < threads * each;) {
        if (queue.sleep()) {
            signals.wait(used);  // for ever, if a signal were missing
            ++used;
        }
        queue.take([&](const Item& item) {
            EXPECT_EQ(item.number, next[static_cast<std::size_t>(item.thread)]++);
            ++count;
        });
    }
    for (std::thread& putter : putters) putter.join();
    for (const int count : next) EXPECT_EQ(count, each);
}

}  // namespace
}  // namespace ringkv
