// The session table of a partition: which writes of which client were done, and with what answer, so
// that a retry is answered and never executed again (protocol.md, C1, C2; after RIFL, Lee et al. 2015).
// It is replicated state: every member has the same table at the same op.
//
// A table cannot remember for ever. When it drops a client, it remembers the highest op of any record
// dropped. A write names a commit point that its client knew of the partition before the first attempt:
// whatever was executed for it lies above that. So a write that names less than `dropped` may have been
// executed and forgotten, and is refused (docs/decisions/0003).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "common/entry.hpp"
#include "common/time.hpp"

namespace ringkv {

class SessionTable {
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
    // The session part of a committed entry. What a state transfer brought already is skipped.
    void apply(const Entry& entry);

    // Expiry, by the primary's clock: clients that were not heard of since `before`, at most `limit` of them, and the
    // longest silent of those above `most`.
    void touch(ClientId client, Time now);
    void touch_all(Time now);
    [[nodiscard]] std::vector<ClientId> idle(Time before, std::size_t most, std::size_t limit) const;

    [[nodiscard]] SessionSnapshot snapshot(OpNumber applied) const;
    void restore(const SessionSnapshot& snapshot);
    void clear();
    [[nodiscard]] std::size_t size() const { return sessions_.size(); }
    [[nodiscard]] OpNumber dropped() const { return dropped_; }

  private:
    struct Session {
        Sequence lowest;
        OpNumber last_op;
        std::map<Sequence, SessionOutcome> outcomes;
        Time last_used{};
    };

    std::map<ClientId, Session> sessions_;
    OpNumber dropped_;
    OpNumber restored_;  // a state transfer brought everything up to here
};

}  // namespace ringkv
