// Against a plain list, with few ops and with so many that an index finds them.
#include "node/uncommitted_writes.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace ringkv {
namespace {

class UncommittedWritesTest : public testing::Test {
  protected:
    void push(std::uint64_t client, std::uint64_t sequence, EntryKind kind, const std::string& key) {
        Entry entry;
        entry.op = next_;
        entry.kind = kind;
        entry.client = ClientId(client);
        entry.sequence = Sequence(sequence);
        entry.key = key;
        next_ = next_.next();
        model_.push_back(share(entry));
        writes_.push(Time{}, Slot(slots_), Slot(bytes_, 10), model_.back());
        writes_.back().waiters.push_back({Address::back(client), RequestId(sequence)});
    }
    void pop() {
        ASSERT_EQ(writes_.front().entry, model_.front());
        writes_.pop();
        model_.pop_front();
    }

    void compare(std::uint64_t clients, std::uint64_t sequences, const std::vector<std::string>& keys) {
        writes_.check_invariants();
        ASSERT_EQ(writes_.size(), model_.size());
        EXPECT_EQ(slots_, model_.size());
        EXPECT_EQ(bytes_, 10 * model_.size());
        for (std::uint64_t client = 1; client <= clients; ++client) {
            std::size_t of = 0;
            for (const EntryPtr& entry : model_) of += entry->client == ClientId(client) ? 1 : 0;
            EXPECT_EQ(writes_.of(ClientId(client)), of);
            for (std::uint64_t sequence = 1; sequence <= sequences; ++sequence) {
                const UncommittedWrites::Op* found = writes_.find(ClientId(client), Sequence(sequence));
                const auto wanted = std::find_if(model_.begin(), model_.end(), [&](const EntryPtr& entry) {
                    return entry->client == ClientId(client) && entry->sequence == Sequence(sequence);
                });
                ASSERT_EQ(found == nullptr, wanted == model_.end());
                if (found == nullptr) continue;
                EXPECT_EQ(found->entry, *wanted);
                EXPECT_EQ(found->waiters.front().request, RequestId(sequence));
            }
        }
        for (const std::string& key : keys) {
            const Entry* newest = nullptr;
            for (const EntryPtr& entry : model_)
                if (entry->key == key && entry->kind != EntryKind::outcome) newest = entry.get();
            const auto pending = writes_.pending(key);
            ASSERT_EQ(pending.has_value(), newest != nullptr);
            if (newest == nullptr) continue;
            EXPECT_EQ(pending->op, newest->op);
            EXPECT_EQ(pending->present, newest->kind == EntryKind::set);
        }
    }

    std::uint64_t slots_ = 0;
    std::uint64_t bytes_ = 0;
    OpNumber next_{5};
    std::deque<EntryPtr> model_;
    UncommittedWrites writes_;
};

TEST_F(UncommittedWritesTest, FindsWhatAPlainListHas) {
    const std::vector<std::string> keys = {"a", "b", "c", "d"};
    std::mt19937 random(7);
    constexpr std::uint64_t sequences = 400;
    std::uint64_t sequence = 0;
    for (int step = 0; step < 400; ++step) {
        const bool grows = (step / 60) % 2 == 0;
        if (model_.empty() || (random() % 4 != 0) == grows) {
            const auto kind = static_cast<EntryKind>(random() % 3);
            push(1 + random() % 3, ++sequence, kind, kind == EntryKind::outcome ? "" : keys[random() % keys.size()]);
        } else {
            pop();
        }
        if (step % 10 != 0) continue;
        ASSERT_NO_FATAL_FAILURE(compare(3, sequences, keys));
    }
    writes_.clear();
    model_.clear();
    compare(3, sequences, keys);
}

}  // namespace
}  // namespace ringkv
