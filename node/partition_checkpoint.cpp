// A checkpoint is a copy to oneself, through the log: the same records as those of a state transfer whose entries go
// along (M2.8), and so the same way to take them in again. What is applied while it is made is in the log beside it.
#include "common/check.hpp"
#include "node/partition_log.hpp"

namespace ringkv {

void PartitionLog::store_beginning(const View& view) {
    if (!storage_.keeps()) return;
    storage_.store(partition_, CheckpointRecord{partition_, view, log_view_, commit_, suffix_.view_at(commit_)});
    contents_ = engine_.clear(partition_);
    store_new_contents();
    storage_.store(partition_, StateDoneRecord{partition_, commit_, {commit_, sessions_.dropped(), {}}, {}});
}

bool PartitionLog::begin_checkpoint(const View& view) {
    RINGKV_CHECK(storage_.keeps() && !checkpoint_, "a checkpoint of what is not stored, or two at once");
    if (incomplete()) {
        if (copy_ != TransferName{}) return false;
        // Deleted, or left by an earlier start with a copy that no sender goes on with: nothing of it counts.
        storage_.store(partition_, CheckpointRecord{partition_, view, log_view_, OpNumber(), ViewId()});
        clear();
        return true;
    }
    storage_.store(partition_, CheckpointRecord{partition_, view, log_view_, commit_, suffix_.view_at(commit_)});
    if (!contents_.none()) storage_.store(partition_, ContentsRecord{partition_, contents_, engine_.next_flush()});
    for (OpNumber op = commit_.next(); op <= last(); op = op.next())
        storage_.store(partition_, AppendRecord{partition_, suffix_.at(op)});
    checkpoint_ = std::make_unique<Checkpoint>();
    checkpoint_->start = commit_;
    checkpoint_->all_keys = !contents_.none();
    return true;
}

bool PartitionLog::continue_checkpoint(std::size_t bytes) {
    RINGKV_CHECK(checkpoint_, "a checkpoint goes on that was not begun");
    Checkpoint& it = *checkpoint_;
    if (!it.all_keys) {
        ScanRange range{{}, {}, 0, bytes, false};
        if (it.after) range.after = *it.after;
        ScanPart part = engine_.scan(partition_, range);
        it.all_keys = !part.more;
        if (part.more) it.after = part.records.back().key;
        const std::optional<std::string> through = it.all_keys ? std::nullopt : it.after;
        storage_.store(partition_, StateChunkRecord{partition_, std::move(part.records), commit_, through});
        return false;
    }
    SessionTable::Part part = sessions_.part(it.next_session, bytes);
    it.next_session = part.next;
    if (!part.sessions.empty()) storage_.store(partition_, StateSessionsRecord{partition_, std::move(part.sessions)});
    if (part.more) return false;
    storage_.store(partition_, StateDoneRecord{partition_, commit_, {it.start, sessions_.dropped(), {}}, {}});
    checkpoint_.reset();
    return true;
}

}  // namespace ringkv
