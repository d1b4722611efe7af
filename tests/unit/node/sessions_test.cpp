#include "node/sessions.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

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
    constexpr std::uint64_t two = 2 * SessionTable::bytes_a_session;
    constexpr std::uint64_t plenty = 100 * SessionTable::bytes_a_session;
    EXPECT_EQ(table.idle(start + std::chrono::seconds(3), plenty, 100), (Clients{ClientId(1), ClientId(2)}));
    EXPECT_EQ(table.idle(start, two, 100), (Clients{ClientId(1), ClientId(2), ClientId(3)}));
    EXPECT_EQ(table.idle(start, two, 1), (Clients{ClientId(1)}));
    EXPECT_TRUE(table.idle(start, plenty, 100).empty());
    table.touch(ClientId(1), start + std::chrono::seconds(6));
    EXPECT_EQ(table.idle(start, two, 100), (Clients{ClientId(2), ClientId(3), ClientId(4)}));
    table.apply(write(6, ClientId(2), 2));
    EXPECT_EQ(table.idle(start, two, 100), (Clients{ClientId(3), ClientId(4), ClientId(5)}))
        << "a write counts on every replica, though only a primary knows when it came";
    table.touch_all(start + std::chrono::hours(1));
    EXPECT_TRUE(table.idle(start + std::chrono::seconds(10), plenty, 100).empty());
}

TEST(Sessions, CountsWhatAClientDoesNotKnowTheAnswerOf) {
    SessionTable table;
    for (std::uint64_t sequence = 100; sequence > 0; --sequence) table.apply(write(201 - sequence, ada, sequence));
    EXPECT_EQ(table.outcomes(ada, Sequence(1)), 100U);
    EXPECT_EQ(table.outcomes(ada, Sequence(100)), 1U);
    EXPECT_EQ(table.outcomes(bob, Sequence(1)), 0U);
    table.apply(write(201, ada, 101, 3));
    EXPECT_EQ(table.outcomes(ada, Sequence(1)), 99U);
    EXPECT_EQ(table.look(ada, Sequence(2), OpNumber(300)).verdict, Verdict::refused);
    EXPECT_EQ(table.look(ada, Sequence(3), OpNumber(300)).verdict, Verdict::answered);
    EXPECT_EQ(table.snapshot(OpNumber(201)).sessions.at(0).outcomes.size(), 99U);
    table.check_invariants();
}

TEST(Sessions, GivesTheMemoryOfWhatExpiredBack) {
    SessionTable table;
    std::vector<ClientId> clients;
    for (std::uint64_t n = 1; n <= 100; ++n) {
        clients.emplace_back(n);
        for (std::uint64_t sequence = 1; sequence <= 5; ++sequence)
            table.apply(write(n * 10 + sequence, clients.back(), sequence));
    }
    EXPECT_GT(table.bytes(), 100 * SessionTable::bytes_a_session) << "five outcomes need a block of their own";
    table.apply(expire(2000, clients));
    EXPECT_EQ(table.size(), 0U);
    EXPECT_EQ(table.bytes(), 0U);
    table.apply(write(2001, ada, 1));
    EXPECT_EQ(table.size(), 1U);
    table.check_invariants();
}

// Parts are read while entries are applied, sessions come, go and come back; a copy to which those entries are applied
// again is the same table from the last part on.
TEST(Sessions, ACopyInPartsAgreesWhateverWasAppliedMeanwhile) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        std::mt19937_64 random(seed);
        const auto below = [&random](std::uint64_t bound) { return random() % bound; };
        SessionTable original;
        std::vector<Entry> log;
        std::map<ClientId, std::uint64_t> sequences;
        const auto go_on = [&](std::uint64_t entries) {
            for (; entries > 0; --entries) {
                const std::uint64_t op = log.size() + 1;
                if (below(5) == 0) {
                    log.push_back(expire(op, {ClientId(1 + below(80)), ClientId(1 + below(80))}));
                } else {
                    const ClientId client(1 + below(80));
                    const std::uint64_t sequence = ++sequences[client];
                    log.push_back(write(op, client, sequence, sequence - below(std::min<std::uint64_t>(sequence, 4))));
                }
                original.apply(log.back());
            }
        };
        go_on(below(300));
        const OpNumber start(log.size());
        SessionTable copy;
        for (SessionTable::Part part{{}, 0, 0, true}; part.more;) {
            part = original.part(part.next, 1 + below(400));
            copy.load(part.sessions);
            if (part.more) go_on(below(60));
        }
        copy.restore({start, original.dropped(), {}});
        const OpNumber end(log.size());
        go_on(50);
        SessionTable reference;
        for (const Entry& entry : log) {
            reference.apply(entry);
            if (entry.op > start) copy.apply(entry);
            if (entry.op < end) continue;
            ASSERT_EQ(copy.snapshot(entry.op), reference.snapshot(entry.op)) << "seed " << seed;
            copy.check_invariants();
        }
    }
}

}  // namespace
}  // namespace ringkv
