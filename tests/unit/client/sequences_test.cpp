#include "client/sequences.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace ringkv {
namespace {

// What Sequences promises, said slowly: all numbers that a partition ever had, in order, and which of them are open.
struct Partition {
    std::vector<Sequences::Slot> given;
    std::vector<bool> open;

    [[nodiscard]] std::size_t lowest() const {
        return static_cast<std::size_t>(std::find(open.begin(), open.end(), true) - open.begin());
    }
    [[nodiscard]] std::set<Sequences::Slot> sendable() const {
        std::set<Sequences::Slot> found;
        for (std::size_t at = lowest(); at < std::min<std::size_t>(given.size(), lowest() + Sequences::window); ++at)
            if (open[at]) found.insert(given[at]);
        return found;
    }
};

TEST(Sequences, OfEachPartitionAWindowFromTheLowestOnMayBeSent) {
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        Sequences sequences;
        std::map<std::uint32_t, Partition> partitions;
        std::map<Sequences::Slot, std::uint32_t> open;
        std::map<Sequences::Slot, bool> may;
        for (int step = 0; step < 6000; ++step) {
            const bool takes =
                open.empty() || (open.size() < 1500 && random() % 100 < (step / 2000 % 2 == 0 ? 70 : 40));
            if (takes) {
                Sequences::Slot slot = random() % 1600;
                while (open.contains(slot)) slot = (slot + 1) % 1600;
                const std::uint32_t partition = random() % 2;
                (void)sequences.take(slot, PartitionId(partition));
                open[slot] = partition;
                partitions[partition].given.push_back(slot);
                partitions[partition].open.push_back(true);
                may[slot] = sequences.may_be_sent(slot);
            } else {
                // Mostly the oldest.
                const auto one = std::next(open.begin(), static_cast<std::ptrdiff_t>(random() % open.size()));
                Partition& partition = partitions[one->second];
                const std::size_t lowest = partition.lowest();
                const Sequences::Slot slot = random() % 4 != 0 ? partition.given[lowest] : one->first;
                const auto at =
                    partition.given.rend() - std::find(partition.given.rbegin(), partition.given.rend(), slot);
                partition.open[static_cast<std::size_t>(at - 1)] = false;
                std::vector<Sequences::Slot> freed;
                sequences.finish(slot, freed);
                open.erase(slot);
                may.erase(slot);
                for (const Sequences::Slot each : freed) {
                    ASSERT_FALSE(may.at(each)) << "said twice";
                    may[each] = true;
                }
            }
            if (step % 16 != 0) continue;
            for (const auto& [number, partition] : partitions) {
                const std::set<Sequences::Slot> sendable = partition.sendable();
                for (const auto& [slot, of] : open)
                    if (of == number) {
                        ASSERT_EQ(may.at(slot), sendable.contains(slot)) << "step " << step;
                        ASSERT_EQ(sequences.may_be_sent(slot), sendable.contains(slot)) << "step " << step;
                    }
            }
        }
    }
}

}  // namespace
}  // namespace ringkv
