// The session table of a partition: which writes of which client were done, and with what answer, so
// that a retry is answered and never executed again (protocol.md, C1, C2; after RIFL, Lee et al. 2015).
// It is replicated state: every member has the same table at the same op.
//
// A table cannot remember for ever. When it drops a client, it remembers the highest op of any record
// dropped. A write names a commit point that its client knew of the partition before the first attempt:
// whatever was executed for it lies above that. So a write that names less than `dropped` may have been
// executed and forgotten, and is refused (docs/decisions/0003).
//
// What it costs (docs/decisions/0022): `bytes_a_session` for a client with one or two outcomes, none of it a block of
// its own. Every call but snapshot() takes time for what it changes, never for what is there; nothing that leaves the
// table depends on the order of a hash.
//
// Thread safety: none; each shard has its own.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "common/entry.hpp"
#include "common/look_ahead.hpp"
#include "common/time.hpp"

namespace ringkv {

class SessionTable {
    using Index = std::uint32_t;
    static constexpr Index none = std::numeric_limits<Index>::max();

  public:
    enum class Verdict : std::uint8_t {
        fresh,     // never executed: go ahead (if it is not in the uncommitted suffix)
        answered,  // executed: `outcome` is the answer
        refused,   // may have been executed, and the answer is forgotten, or known to its client
    };
    struct Look {
        Verdict verdict = Verdict::fresh;
        SessionOutcome outcome;
    };

    [[nodiscard]] Look look(ClientId client, Sequence sequence, OpNumber known) const;
    // How many outcomes of the client would stay if it said now that it waits for none below `lowest`.
    [[nodiscard]] std::size_t outcomes(ClientId client, Sequence lowest) const;
    // The session part of a committed entry. What a state transfer brought already is skipped.
    void apply(const Entry& entry);

    // Expiry, by the primary's clock. An entry that a client wrote makes it the one used last, on every replica; a
    // primary says besides when that was. Precondition: `now` does not go back.
    void touch(ClientId client, Time now);
    // None was used before `now`.
    void touch_all(Time now) { used_since_ = now; }
    // At most `limit` clients, those that are silent for longest first: as many as were not used since `before`, and
    // as many more as must go for the others to take no more than `budget` bytes.
    [[nodiscard]] std::vector<ClientId> idle(Time before, std::uint64_t budget, std::size_t limit) const;

    // All of it, by client.
    [[nodiscard]] SessionSnapshot snapshot(OpNumber applied) const;
    // As much of it as `bytes` has room for, one session at least, from the place that the part before named; 0 = the
    // first. Between two parts entries may be applied: a table that has loaded all parts, and to which all entries
    // since before the first part are applied again, is the same from the last part on.
    struct Part {
        std::vector<SessionRecord> sessions;
        std::size_t bytes = 0;
        std::uint32_t next = 0;
        bool more = false;
    };
    // `until`: none from that place on; there may be more there.
    [[nodiscard]] Part part(std::uint32_t from, std::size_t bytes, std::uint32_t until = none) const;
    // A part, into a table that was empty before the first one.
    void load(const std::vector<SessionRecord>& sessions);
    // The end: the sessions that came in no part, what was dropped, and up to which entry nothing is to be applied any
    // more.
    void restore(const SessionSnapshot& snapshot);
    void clear();

    // An entry, probably of the client that was here last, is looked for and applied soon: first its session is asked
    // for, then what that remembers (common/look_ahead.hpp).
    void expect() const {
        if (last_ != none) prefetch(&at(last_), sizeof(Session));
    }
    void expect_outcomes() const {
        if (last_ != none) prefetch(at(last_).outcomes.data());
    }

    [[nodiscard]] std::size_t size() const { return by_client_.size(); }
    [[nodiscard]] OpNumber dropped() const { return dropped_; }
    // Memory that it takes, roughly: what idle() counts.
    [[nodiscard]] std::uint64_t bytes() const { return size() * bytes_a_session + outcome_bytes_; }

    // The list is whole, in both directions, and each session of it is found by its client; bytes are counted right.
    void check_invariants() const;

  private:
    // 62 bits do for a version: it is an op number, and none above is taken (peer_checks.hpp).
    struct Outcome {
        Sequence sequence;
        std::uint64_t version : 62;
        std::uint64_t status : 2;
    };
    using Outcomes = absl::InlinedVector<Outcome, 2>;  // by sequence

    struct Session {
        ClientId client;  // none: not in use
        Sequence lowest;  // outcomes below may still be there, and do not count
        OpNumber last_op;
        Time last_used{};
        Outcomes outcomes;
        // In the list of all, from the one that is silent for longest to the one used last.
        Index before = none;
        Index after = none;
    };

    // Where sessions stand: blocks of a fixed size that come and go, so that no session ever moves and a block is given
    // back when those of one time have expired together.
    static constexpr Index block_size = 32;
    struct Block {
        std::unique_ptr<std::array<Session, block_size>> sessions;
        std::uint32_t used = 0;  // a bit for each
    };

  public:
    // With its place in the hash table, which is between 7/16 and 7/8 full.
    static constexpr std::uint64_t bytes_a_session = sizeof(Session) + 40;

  private:
    [[nodiscard]] Session& at(Index index) { return (*blocks_[index / block_size].sessions)[index % block_size]; }
    [[nodiscard]] const Session& at(Index index) const {
        return (*blocks_[index / block_size].sessions)[index % block_size];
    }
    // none: it has no session.
    [[nodiscard]] Index index_of(ClientId client) const;
    [[nodiscard]] const Session* find(ClientId client) const;
    // -> where the client's session is; made, if there is none.
    Index place_of(ClientId client);
    void erase(Index index);
    void link_last(Index index);
    void unlink(Index index);
    void make_last(Index index);
    [[nodiscard]] static std::uint64_t bytes_of(const Outcomes& outcomes);
    void remember(Session& session, Outcome outcome);
    void trim(Session& session, Sequence lowest);
    [[nodiscard]] static SessionRecord record_of(const Session& session);

    absl::flat_hash_map<ClientId, Index> by_client_;
    absl::InlinedVector<Block, 1> blocks_;
    std::vector<Index> open_;  // blocks with room, the next one to be filled last
    Index first_ = none;
    Index last_ = none;
    std::uint64_t outcome_bytes_ = 0;  // of those that are not inside their session
    Time used_since_{};
    OpNumber dropped_;
    OpNumber restored_;  // a state transfer brought everything up to here
};

}  // namespace ringkv
