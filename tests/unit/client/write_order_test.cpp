#include "client/write_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace ringkv {
namespace {

// What WriteOrder promises, said slowly: in a queue for each hash all that have not left, and which of them were freed.
class Model {
  public:
    bool enter(WriteOrder::Slot slot, std::uint64_t hash, bool ordered) {
        hash_[slot] = hash;
        queues_[hash].push_back({slot, ordered, false});
        return !free(queues_[hash]).empty();
    }
    std::vector<WriteOrder::Slot> leave(WriteOrder::Slot slot) {
        std::deque<Write>& queue = queues_[hash_[slot]];
        std::erase_if(queue, [slot](const Write& write) { return write.slot == slot; });
        return free(queue);
    }

  private:
    struct Write {
        WriteOrder::Slot slot;
        bool ordered;
        bool free;
    };
    // Those before which no ordered one is any more.
    static std::vector<WriteOrder::Slot> free(std::deque<Write>& queue) {
        std::vector<WriteOrder::Slot> freed;
        for (Write& write : queue) {
            if (!std::exchange(write.free, true)) freed.push_back(write.slot);
            if (write.ordered) break;
        }
        return freed;
    }

    std::map<WriteOrder::Slot, std::uint64_t> hash_;
    std::map<std::uint64_t, std::deque<Write>> queues_;
};

// Few hashes, most of which differ in their upper bits alone: their queues share a bucket, however many there are. The
// slots that are in use grow in number, so the table grows while it is full.
TEST(WriteOrder, KeepsAQueueForEachHash) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        std::mt19937 random(seed);
        WriteOrder order;
        Model model;
        std::vector<WriteOrder::Slot> free;
        std::vector<WriteOrder::Slot> used;
        for (WriteOrder::Slot slot = 0; slot < 500; ++slot) free.insert(free.begin(), slot);
        for (int step = 0; step < 5000; ++step) {
            const bool enters = used.empty() || (!free.empty() && random() % 100 < 52);
            std::vector<WriteOrder::Slot>& from = enters ? free : used;
            const std::size_t which = enters ? from.size() - 1 : random() % from.size();
            const WriteOrder::Slot slot = from[which];
            from.erase(from.begin() + static_cast<std::ptrdiff_t>(which));
            (enters ? used : free).push_back(slot);
            if (enters) {
                const std::uint64_t hash = (std::uint64_t{random() % 20} << 40U) | (random() % 2);
                const bool ordered = random() % 3 != 0;
                ASSERT_EQ(order.enter(slot, hash, ordered), model.enter(slot, hash, ordered))
                    << "seed " << seed << ", step " << step;
            } else {
                std::vector<WriteOrder::Slot> freed;
                order.leave(slot, freed);
                ASSERT_EQ(freed, model.leave(slot)) << "seed " << seed << ", step " << step;
            }
        }
    }
}

}  // namespace
}  // namespace ringkv
