#include "node/partition_log.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

namespace {
// Entries that are likely to be applied together.
constexpr std::uint64_t most_expected = 3;
}  // namespace

void PartitionLog::append(EntryPtr entry) {
    if (!storage_.keeps()) return suffix_.append(std::move(entry));
    note_stored();
    if (unsynced_.empty()) persisted_ = last();
    const BatchNumber batch = storage_.store(AppendRecord{partition_, entry, commit_});
    noted_commit_ = commit_;
    suffix_.append(std::move(entry));
    if (unsynced_.empty() || unsynced_.back().first != batch)
        unsynced_.push_back({batch, last()});
    else
        unsynced_.back().second = last();
}

void PartitionLog::truncate(OpNumber keep) {
    RINGKV_CHECK(keep >= commit_, "a truncation below the commit point");
    if (keep >= last()) return;
    storage_.store(partition_, TruncateRecord{partition_, keep});
    suffix_.truncate(keep);
    persisted_ = std::min(persisted_, keep);
    for (auto& [batch, op] : unsynced_) op = std::min(op, keep);
}

void PartitionLog::set_log_view(ViewId view) {
    if (view == log_view_) return;
    RINGKV_CHECK(view > log_view_, "a log view went back");
    log_view_ = view;
    log_view_batch_ = storage_.store(partition_, LogViewRecord{partition_, view});
}

void PartitionLog::apply_known(absl::FunctionRef<void(const Entry&)> applied) {
    // The state is not whole. Entries wait in the suffix, unless they go along with the copy (catch_up.hpp).
    if (incomplete() && !under_way_->entries) return;
    const OpNumber reach = std::min(known_commit_, last());
    while (commit_ < reach) {
        commit_ = commit_.next();
        const Entry& entry = *suffix_.at(commit_);
        if (!incomplete() || covers(entry.key)) engine_.apply(partition_, entry);
        sessions_.apply(entry);
        applied(entry);
    }
}

void PartitionLog::expect_next(std::size_t step) const {
    if (step == 0) {
        engine_.expect_partition(partition_);
        suffix_.expect_append();
        return suffix_.expect_place(commit_.next());
    }
    if (step == 1) sessions_.expect();
    if (step == 2) sessions_.expect_outcomes();
    const OpNumber reach(std::min(last().value(), commit_.value() + most_expected));
    for (OpNumber op = commit_.next(); op <= reach; op = op.next()) {
        const std::uint64_t hash = suffix_.key_hash(op);
        if (step == 1) {
            suffix_.expect_entry(op);
            engine_.expect_group(partition_, hash);
        } else if (step == 2) {
            engine_.expect_place(partition_, hash);
        } else {
            engine_.expect_content(partition_, hash);
        }
    }
}

void PartitionLog::note_commit() {
    if (commit_is_noted()) return;
    storage_.store(partition_, CommitRecord{partition_, commit_});
    noted_commit_ = commit_;
}

void PartitionLog::trim(OpNumber needed) {
    suffix_.trim(std::min(needed, commit_));
}

bool PartitionLog::goes_on(const StateChunk& chunk) const {
    return copy_ == TransferName{chunk.view.since, chunk.copy};
}

bool PartitionLog::take_chunk(const StateChunk& chunk) {
    if (!goes_on(chunk)) {
        storage_.store(partition_, ResetRecord{partition_, chunk.start, chunk.start_view});
        reset(chunk.start, chunk.start_view);
        store_new_contents();
        copy_ = {chunk.view.since, chunk.copy};
        under_way_ = std::make_unique<Copy>();
    }
    if (!incomplete() || chunk.index < under_way_->next) return true;
    if (chunk.index > under_way_->next) return false;
    const bool too_old = chunk.read_at.value_or(OpNumber()) < commit_;
    if (under_way_->entries && too_old) return false;
    ++under_way_->next;
    if (storage_.keeps())
        storage_.store(partition_, StateChunkRecord{partition_, chunk.records, chunk.read_at, chunk.through});
    take_keys(chunk.records, chunk.read_at, chunk.through);
    if (!chunk.sessions.empty()) {
        if (storage_.keeps()) storage_.store(partition_, StateSessionsRecord{partition_, chunk.sessions});
        sessions_.load(chunk.sessions);
    }
    if (chunk.end) {
        if (storage_.keeps())
            storage_.store(partition_,
                           StateDoneRecord{partition_, chunk.end->applied, chunk.end->sessions, chunk.end->history});
        finish_transfer(chunk.end->applied, chunk.end->sessions, chunk.end->history);
    }
    return true;
}

void PartitionLog::take_keys(const std::vector<KeyRecord>& records, std::optional<OpNumber> read_at,
                             const std::optional<std::string>& through) {
    Copy& copy = *under_way_;
    copy.entries = read_at.has_value();
    if (!copy.entries) return engine_.load(partition_, records);
    // What is covered twice stays as the entries made it.
    const auto fresh = std::find_if(records.begin(), records.end(), [this](const auto& it) { return !covers(it.key); });
    if (fresh == records.begin())
        engine_.load(partition_, records);
    else
        engine_.load(partition_, {fresh, records.end()});
    copy.all_keys = copy.all_keys || !through;
    if (through && (!copy.through || *through > *copy.through)) copy.through = through;
}

void PartitionLog::clear() {
    storage_.store(partition_, ResetRecord{partition_, OpNumber(), ViewId()});
    reset(OpNumber(), ViewId());
    store_new_contents();
    copy_ = {};
    under_way_ = std::make_unique<Copy>();
}

void PartitionLog::begin_anew(OpNumber at, ViewId view) {
    storage_.store(partition_, ResetRecord{partition_, at, view});
    reset(at, view);
    store_new_contents();
    storage_.store(partition_, StateDoneRecord{partition_, at, {at, at, {}}, {{view, at}}});
    copy_ = {};
    under_way_.reset();
    sessions_.restore({at, at, {}});
    set_log_view(view);
}

void PartitionLog::reset(OpNumber start, ViewId start_view) {
    checkpoint_.reset();
    contents_ = engine_.clear(partition_);
    sessions_.clear();
    suffix_.reset(start, start_view);
    commit_ = known_commit_ = noted_commit_ = start;
    persisted_ = start;
    unsynced_.clear();
}

// Until that is stored a start may ask for what was there before.
void PartitionLog::store_new_contents() {
    if (!contents_.none()) contents_batch_ = storage_.store(partition_, ContentsRecord{partition_, contents_, {}});
}

void PartitionLog::finish_transfer(OpNumber applied, const SessionSnapshot& sessions,
                                   const std::vector<ViewStart>& history) {
    // Where entries went along, our own history is newer.
    if (!under_way_ || !under_way_->entries) suffix_.set_history(history);
    under_way_.reset();
    sessions_.restore(sessions);
    // The scan ran while entries were applied: only from `applied` on is the state whole.
    advance(applied);
}

OpNumber PartitionLog::persisted_by(BatchNumber number) const {
    if (newest_batch() <= number) return last();
    OpNumber persisted = persisted_;
    for (const auto& [batch, op] : unsynced_) {
        if (batch > number) break;
        persisted = op;
    }
    return persisted;
}

BatchNumber PartitionLog::next_batch() const {
    for (const auto& [batch, op] : unsynced_)
        if (!storage_.stored(batch)) return batch;
    return {};
}

void PartitionLog::note_stored() {
    auto it = unsynced_.begin();
    for (; it != unsynced_.end() && storage_.stored(it->first); ++it) persisted_ = it->second;
    unsynced_.erase(unsynced_.begin(), it);
}

void PartitionLog::durable(BatchNumber number) {
    if (contents_batch_.none() || contents_batch_ > number) return;
    engine_.forget(partition_, contents_);
    contents_batch_ = {};
}

void PartitionLog::restore_commit(OpNumber commit) {
    advance(commit);
    noted_commit_ = commit_;
    trim(commit_);
}

void PartitionLog::restore(const StorageRecord& record) {
    if (const auto* append = std::get_if<AppendRecord>(&record)) {
        // A checkpoint stores those once more that are not committed.
        if (append->entry->op > suffix_.last()) suffix_.append(append->entry);
        restore_commit(append->commit);
    } else if (const auto* truncated = std::get_if<TruncateRecord>(&record)) {
        suffix_.truncate(truncated->keep);
    } else if (const auto* log_view = std::get_if<LogViewRecord>(&record)) {
        log_view_ = log_view->view;
    } else if (const auto* commit = std::get_if<CommitRecord>(&record)) {
        restore_commit(commit->commit);
    } else if (const auto* begin = std::get_if<ResetRecord>(&record)) {
        reset(begin->start, begin->start_view);
        under_way_ = std::make_unique<Copy>();  // no sender goes on with it, unless its end follows
    } else if (const auto* part = std::get_if<StateChunkRecord>(&record)) {
        if (under_way_) take_keys(part->records, part->read_at, part->through);
    } else if (const auto* sessions = std::get_if<StateSessionsRecord>(&record)) {
        if (under_way_) sessions_.load(sessions->sessions);
    } else if (const auto* done = std::get_if<StateDoneRecord>(&record)) {
        if (under_way_) finish_transfer(done->applied, done->sessions, done->history);
    } else if (const auto* checkpoint = std::get_if<CheckpointRecord>(&record)) {
        reset(checkpoint->start, checkpoint->start_view);
        log_view_ = checkpoint->log_view;
        under_way_ = std::make_unique<Copy>();
        under_way_->checkpoint = true;
    } else if (const auto* contents = std::get_if<ContentsRecord>(&record)) {
        contents_ = contents->contents;
        engine_.select(partition_, contents_);
        if (half_restored()) under_way_->entries = under_way_->all_keys = true;
    }
    persisted_ = last();
}

void PartitionLog::check_invariants() const {
    suffix_.check_invariants();
    sessions_.check_invariants();
    RINGKV_CHECK(suffix_.start() <= commit_ && commit_ <= last(), "the commit point is outside of what is held");
    RINGKV_CHECK(persisted() <= last(), "more is stored than there is");
    RINGKV_CHECK(known_commit_ >= commit_, "committed here, but not known to be committed");
    OpNumber before = persisted_;
    BatchNumber batch;
    for (const auto& [number, op] : unsynced_) {
        RINGKV_CHECK(number > batch && op >= before, "batches that are not stored yet are out of order");
        batch = number;
        before = op;
    }
    RINGKV_CHECK(unsynced_.empty() || before == last(), "an entry is in no batch");
}

}  // namespace ringkv
