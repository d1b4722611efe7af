#include "client/write_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

namespace ringkv {
namespace {

// What WriteOrder promises, said slowly: a queue for each hash, and those that are in none.
class Model {
  public:
    bool enter(WriteOrder::Slot slot, std::uint64_t hash, bool ordered) {
        if (!ordered && queues_[hash].empty()) return true;
        hash_[slot] = hash;
        queues_[hash].push_back(slot);
        return queues_[hash].size() == 1;
    }
    std::optional<WriteOrder::Slot> leave(WriteOrder::Slot slot) {
        const auto queued = hash_.find(slot);
        if (queued == hash_.end()) return std::nullopt;
        std::deque<WriteOrder::Slot>& queue = queues_[queued->second];
        hash_.erase(queued);
        const bool first = queue.front() == slot;
        queue.erase(std::find(queue.begin(), queue.end(), slot));
        return first && !queue.empty() ? std::optional(queue.front()) : std::nullopt;
    }

  private:
    std::map<WriteOrder::Slot, std::uint64_t> hash_;
    std::map<std::uint64_t, std::deque<WriteOrder::Slot>> queues_;
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
                ASSERT_EQ(order.leave(slot), model.leave(slot)) << "seed " << seed << ", step " << step;
            }
        }
    }
}

}  // namespace
}  // namespace ringkv
