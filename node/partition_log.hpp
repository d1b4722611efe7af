// One partition's replicated state on this node: log, commit point, applied state, sessions. It knows
// nothing of roles; Replica and Primary decide what is appended, truncated and committed, and when.
//
//     start <= commit = applied <= last; persisted <= last
//
// What a member has committed is stored there; a learner applies what the members committed before its own disk has it.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "node/engine.hpp"
#include "node/log_suffix.hpp"
#include "node/outlets.hpp"
#include "node/sessions.hpp"

namespace ringkv {

class PartitionLog {
  public:
    // All must outlive it.
    PartitionLog(PartitionId partition, Engine& engine, StorageOutlet& storage, SuffixBudget& suffixes)
        : partition_(partition), engine_(engine), storage_(storage), suffix_(suffixes) {}

    [[nodiscard]] PartitionId partition() const { return partition_; }
    [[nodiscard]] const LogSuffix& suffix() const { return suffix_; }
    [[nodiscard]] OpNumber last() const { return suffix_.last(); }
    // Everything up to it is stored as configured.
    [[nodiscard]] OpNumber persisted() const { return persisted_by(storage_.stored()); }
    // Everything up to it will be, when batches up to this one are: those that are stored, and perhaps more.
    [[nodiscard]] OpNumber persisted_by(BatchNumber number) const;
    // The batch that has the newest entry; none: no batch of this start has it.
    [[nodiscard]] BatchNumber newest_batch() const {
        return unsynced_.empty() ? BatchNumber() : unsynced_.back().first;
    }
    // The first that has an entry and is not stored; none: all is stored.
    [[nodiscard]] BatchNumber next_batch() const;
    [[nodiscard]] OpNumber commit() const { return commit_; }
    // The last view whose StartView was taken over (V3), and the batch that stores it.
    [[nodiscard]] ViewId log_view() const { return log_view_; }
    [[nodiscard]] BatchNumber log_view_batch() const { return log_view_batch_; }
    // A state transfer is under way: what is held is not whole.
    [[nodiscard]] bool incomplete() const { return under_way_ != nullptr; }
    // And entries of that term go along with it.
    [[nodiscard]] bool takes_entries(ViewId since) const {
        return under_way_ && under_way_->entries && copy_.first == since;
    }
    // Its number, or that of the copy before.
    [[nodiscard]] std::uint64_t copy() const { return copy_.second; }
    [[nodiscard]] SessionTable& sessions() { return sessions_; }
    [[nodiscard]] const SessionTable& sessions() const { return sessions_; }

    void append(EntryPtr entry);
    // Never below the commit point.
    void truncate(OpNumber keep);
    void set_log_view(ViewId view);
    // Commits and applies up to `commit`, or as far as the log goes; `applied` is told of each entry.
    void advance(
        OpNumber commit, absl::FunctionRef<void(const Entry&)> applied = [](const Entry&) {}) {
        known_commit_ = std::max(known_commit_, commit);
        if (commit_ < std::min(known_commit_, last())) apply_known(applied);
    }
    // How far all is committed is stored with each entry; where none comes along it is stored by itself, so that it is
    // known after a restart (D3).
    void note_commit();
    [[nodiscard]] bool commit_is_noted() const { return commit_ <= noted_commit_ || incomplete() || !storage_.keeps(); }
    void trim(OpNumber needed);
    // The next entries will be applied soon. Step by step what that needs is asked for (common/look_ahead.hpp).
    static constexpr std::size_t expect_steps = 4;
    void expect_next(std::size_t step) const;

    // Is it of the copy that was begun last?
    [[nodiscard]] bool goes_on(const StateChunk& chunk) const;
    // A chunk of a state transfer; that of another one than the last empties us. -> is it, or was it, taken; false: it
    // does not follow what came before, or was read before what is applied here.
    bool take_chunk(const StateChunk& chunk);
    // Nothing is held any more; only a state transfer can begin anew.
    void clear();
    // The log of that view begins behind this op, and nothing is held up to it (V8).
    void begin_anew(OpNumber at, ViewId view);

    // Batches up to this one are stored.
    void durable(BatchNumber number);
    // Replays what was stored, in order, after a restart.
    void restore(const StorageRecord& record);

    // A checkpoint: what is held is stored once more, in steps, with entries stored between them
    // (partition_checkpoint.cpp). Begins one; `view` is the newest that the replica knows. False: a copy is under way;
    // there can be none before its end.
    bool begin_checkpoint(const View& view);
    // Precondition: in_checkpoint(), which ends when a copy begins. Stores about so many bytes more. -> is it complete?
    [[nodiscard]] bool continue_checkpoint(std::size_t bytes);
    [[nodiscard]] bool in_checkpoint() const { return checkpoint_ != nullptr; }
    // Of a replica that has just been made, and holds nothing: what is stored of it begins here.
    void store_beginning(const View& view);
    // Restored from a checkpoint that has no end: nothing of it counts.
    [[nodiscard]] bool half_restored() const { return under_way_ && under_way_->checkpoint; }

    // As above: start <= commit = applied <= last, persisted <= last; what is not stored yet is of growing batches and
    // ops, and above what is. Besides: entries are contiguous, their views do not go back (LogSuffix); a log that is
    // incomplete applies nothing, unless entries go along with the copy.
    void check_invariants() const;

  private:
    // Copies are numbered by their sender, within its term.
    using TransferName = std::pair<ViewId, std::uint64_t>;
    // What has come of the copy under way.
    struct Copy {
        std::uint32_t next = 0;                // chunk
        bool entries = false;                  // they go along with it
        bool checkpoint = false;               // of our own, and not of another node's
        bool all_keys = false;                 // are covered
        std::optional<std::string> through{};  // or those up to this one
    };

    // How far a checkpoint is.
    struct Checkpoint {
        OpNumber start;
        bool all_keys = false;
        std::optional<std::string> after{};  // the next keys are behind it; none: from the first on
        std::uint32_t next_session = 0;
    };

    void reset(OpNumber start, ViewId start_view);
    void restore_commit(OpNumber commit);
    void note_stored();
    void store_new_contents();
    void finish_transfer(OpNumber applied, const SessionSnapshot& sessions, const std::vector<ViewStart>& history);
    void take_keys(const std::vector<KeyRecord>& records, std::optional<OpNumber> read_at,
                   const std::optional<std::string>& through);
    [[nodiscard]] bool covers(std::string_view key) const {
        return under_way_->all_keys || (under_way_->through && key <= *under_way_->through);
    }
    void apply_known(absl::FunctionRef<void(const Entry&)> applied);

    // What every write needs stands first.
    PartitionId partition_;
    Engine& engine_;
    StorageOutlet& storage_;
    OpNumber commit_;
    OpNumber known_commit_;            // committed somewhere; at or above commit_
    OpNumber noted_commit_;            // the newest that was given to the storage
    std::unique_ptr<Copy> under_way_;  // none: the log is whole
    std::unique_ptr<Checkpoint> checkpoint_;
    ViewId log_view_;
    absl::InlinedVector<std::pair<BatchNumber, OpNumber>, 2> unsynced_;  // when an entry came last: it may be stored
    LogSuffix suffix_;
    SessionTable sessions_;
    BatchNumber log_view_batch_;
    ContentsNumber contents_;     // of the engine; none: it ends with the process
    BatchNumber contents_batch_;  // that says so; none: it is stored
    OpNumber persisted_;          // before the first of unsynced_
    TransferName copy_;           // the newest that was begun, since our start
};

}  // namespace ringkv
