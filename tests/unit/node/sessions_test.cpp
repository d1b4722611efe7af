#include "node/sessions.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace ringkv {
namespace {

using Verdict = SessionTable::Verdict;
constexpr ClientId ada{7};
constexpr ClientId bob{8};

Entry write(std::uint64_t op, ClientId client, std::uint64_t sequence, std::uint64_t lowest = 1) {
    Entry entry;
    entry.op = OpNumber(op);
    entry.kind = EntryKind::set;
    entry.client = client;
    entry.sequence = Sequence(sequence);
    entry.lowest = Sequence(lowest);
    entry.version = OpNumber(op);
    return entry;
}

Entry expire(std::uint64_t op, std::vector<ClientId> clients) {
    Entry entry;
    entry.op = OpNumber(op);
    entry.kind = EntryKind::expire;
    static std::deque<std::vector<ClientId>> kept;
    entry.expired = kept.emplace_back(std::move(clients));
    return entry;
}

TEST(Sessions, AnswersARetryWithTheFirstOutcome) {
    SessionTable table;
    Entry failed = write(5, ada, 1);
    failed.status = WriteStatus::condition_failed;
    failed.version = OpNumber(3);
    table.apply(failed);
    const auto look = table.look(ada, Sequence(1), OpNumber(4));
    EXPECT_EQ(look.verdict, Verdict::answered);
    EXPECT_EQ(look.outcome.status, WriteStatus::condition_failed);
    EXPECT_EQ(look.outcome.version, OpNumber(3));
}

TEST(Sessions, RefusesWhatItsClientKnowsTheAnswerOf) {
    SessionTable table;
    table.apply(write(1, ada, 1));
    table.apply(write(2, ada, 5, 4));
    EXPECT_EQ(table.look(ada, Sequence(1), OpNumber(0)).verdict, Verdict::refused);
    EXPECT_EQ(table.look(ada, Sequence(3), OpNumber(0)).verdict, Verdict::refused);
    EXPECT_EQ(table.look(ada, Sequence(4), OpNumber(0)).verdict, Verdict::fresh);
    EXPECT_EQ(table.look(bob, Sequence(1), OpNumber(0)).verdict, Verdict::fresh);
}

TEST(Sessions, RefusesWhatMayHaveBeenExecutedAndForgotten) {
    SessionTable table;
    table.apply(write(10, ada, 1));
    table.apply(expire(11, {ada}));
    EXPECT_EQ(table.dropped(), OpNumber(10));
    // The delayed first attempt of sequence 1 knew commit point 9 at most: it may be what op 10 was.
    EXPECT_EQ(table.look(ada, Sequence(1), OpNumber(9)).verdict, Verdict::refused);
    // A client that knows op 10 sent its first attempt after it.
    EXPECT_EQ(table.look(ada, Sequence(2), OpNumber(10)).verdict, Verdict::fresh);
    EXPECT_EQ(table.look(bob, Sequence(1), OpNumber(3)).verdict, Verdict::refused);
}

TEST(Sessions, DroppingCountsWhatWasTrimmedToo) {
    SessionTable table;
    table.apply(write(1, ada, 1));
    table.apply(write(20, ada, 2, 2));  // sequence 1's record goes
    table.apply(expire(21, {ada}));
    EXPECT_EQ(table.dropped(), OpNumber(20));
}

TEST(Sessions, ACopyAndAReplayOfTheSameEntriesAgree) {
    SessionTable original;
    std::vector<Entry> log = {write(1, ada, 1), write(2, bob, 1), expire(3, {ada}), write(4, ada, 2, 2),
                              write(5, bob, 2, 2)};
    for (const Entry& entry : log) original.apply(entry);
    SessionTable copy;
    copy.restore(original.snapshot(OpNumber(5)));
    for (const Entry& entry : log) copy.apply(entry);  // from the scan's start again
    EXPECT_EQ(copy.snapshot(OpNumber(5)), original.snapshot(OpNumber(5)));
    const Entry later = write(6, ada, 3, 3);
    original.apply(later);
    copy.apply(later);
    EXPECT_EQ(copy.snapshot(OpNumber(6)), original.snapshot(OpNumber(6)));
}

TEST(Sessions, IdleNamesTheSilentAndTheSurplus) {
    SessionTable table;
    const Time start = Time{} + std::chrono::hours(1);
    for (std::uint64_t client = 1; client <= 5; ++client) {
        table.apply(write(client, ClientId(client), 1));
        table.touch(ClientId(client), start + std::chrono::seconds(client));
    }
    using Clients = std::vector<ClientId>;
    EXPECT_EQ(table.idle(start + std::chrono::seconds(3), 100, 100), (Clients{ClientId(1), ClientId(2)}));
    EXPECT_EQ(table.idle(start, 2, 100), (Clients{ClientId(1), ClientId(2), ClientId(3)}));
    EXPECT_EQ(table.idle(start, 2, 1), (Clients{ClientId(1)}));
    EXPECT_TRUE(table.idle(start, 100, 100).empty());
    table.touch_all(start + std::chrono::hours(1));
    EXPECT_TRUE(table.idle(start + std::chrono::seconds(3), 100, 100).empty());
}

}  // namespace
}  // namespace ringkv
