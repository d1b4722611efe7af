// What a replica is given by its shard: facts to read, the engine, and an outlet for each kind of effect. A part of a
// replica keeps only the ones that it needs.
#pragma once

#include "node/admission.hpp"
#include "node/engine.hpp"
#include "node/memory_account.hpp"
#include "node/outlets.hpp"
#include "node/refused_messages.hpp"
#include "node/shard_counters.hpp"
#include "node/slow_log.hpp"
#include "node/suffix_budget.hpp"
#include "node/transfer_pace.hpp"

namespace ringkv {

// Numbers that this node has not given before, in no earlier start either: they name state transfers and logs.
class UniqueNumbers {
  public:
    explicit UniqueNumbers(StartNumber start) : start_(start) {}
    [[nodiscard]] std::uint64_t next() { return (start_.value() << 32U) + next_++; }

  private:
    StartNumber start_;
    std::uint64_t next_ = 1;
};

struct ReplicaPorts {
    const ShardFacts& shard;
    Engine& engine;
    StorageOutlet& storage;
    SuffixBudget& suffixes;
    MessageOutlet& messages;
    ProposalOutlet& proposals;
    LeaseOutlet& leases;
    EventLog& events;
    Admission& admission;
    MemoryAccount& memory;
    TransferPace& transfers;
    UniqueNumbers& numbers;
    EntryBlocks& entries;
    RefusedMessages& refused;
    ShardCounters& counters;
    SlowLog& slow;
};

}  // namespace ringkv
