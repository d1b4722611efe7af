// A shard's log on disk (protocol.md, D0 and D3; docs/log-format.md): segments in a folder of its own, with a small
// file `head` beside them that names the newest. One commit is one frame: one write and, with `sync`, one fdatasync,
// and once in a MiB a write of what follows.
//
// Thread safety: create(), open() and replay() before there are other threads; then commit(), durable() and close() on
// one thread, and drop_before() and newest() on any.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "node/edge/disk/checked_text.hpp"
#include "node/edge/disk/files.hpp"
#include "node/edge/disk/log_format.hpp"
#include "node/log.hpp"

namespace ringkv {

struct DiskLogOptions {
    LogOwner owner;
    bool sync = true;                                        // false: the machine may lose what was committed last
    std::uint64_t segment_bytes = std::uint64_t{32} << 20U;  // a frame that is larger has a segment of its own size
    StartNumber start{1};                                    // of the process
    std::uint64_t ahead_bytes = std::uint64_t{1} << 20U;     // with `sync`: written before they are needed
};

class DiskLog final : public Log {
  public:
    // An empty log, in a folder that has none. Its id tells it from every other.
    [[nodiscard]] static Result<std::unique_ptr<DiskLog>> create(std::unique_ptr<DiskFolder> folder, const Uuid& log,
                                                                 const DiskLogOptions& options);
    // One that is there; replay() must follow. Errors: storage: a part of it is missing, or unreadable; refused: it is
    // another node's, another shard's, or an older copy.
    [[nodiscard]] static Result<std::unique_ptr<DiskLog>> open(std::unique_ptr<DiskFolder> folder,
                                                               const DiskLogOptions& options);

    // Errors: as open()'s; a record of a newer release is version_mismatch.
    [[nodiscard]] Result<void> replay(const std::function<void(const StorageRecord&)>& each) override;
    // Tells it from every other.
    [[nodiscard]] const Uuid& id() const { return log_; }
    // replay() found a write at the end that a crash had torn; it was never said to be stored.
    [[nodiscard]] bool was_torn() const { return torn_; }

    // Errors as Storage's: `unavailable`, there is no room for a segment; any other is final, also for later calls.
    [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch&& batch) override;
    [[nodiscard]] Result<BatchNumber> durable() const override;

    [[nodiscard]] std::uint64_t newest() const override { return newest_.load(std::memory_order_relaxed); }
    // They go with one of the next commits.
    void drop_before(std::uint64_t segment) override {
        needed_.store(std::min(segment, newest()), std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t bytes() const override {
        return (newest() + 1 - needed_.load(std::memory_order_relaxed)) * options_.segment_bytes;
    }
    [[nodiscard]] bool begins_late() const override { return first_ > 1; }
    // All that was committed is on the disk, whatever `sync` is, and the end of the log is noted. No commit follows.
    [[nodiscard]] Result<void> close();

  private:
    DiskLog(std::unique_ptr<DiskFolder> folder, const Uuid& log, const DiskLogOptions& options);

    [[nodiscard]] Result<void> read_head();
    [[nodiscard]] Result<void> write_head();
    [[nodiscard]] Result<void> look_at_segments();
    [[nodiscard]] Result<void> remove_empty(std::uint64_t segment);
    [[nodiscard]] Result<void> replay_segment(std::uint64_t segment,
                                              const std::function<void(const StorageRecord&)>& each);
    [[nodiscard]] Result<void> check_header(const SegmentHeader& header) const;
    // What follows is a segment with room for that many bytes of frames.
    [[nodiscard]] Result<void> begin_segment(std::uint64_t segment, std::uint64_t frames);
    // What follows `from` is written to, for a while.
    [[nodiscard]] Result<void> write_ahead(std::uint64_t from);
    [[nodiscard]] Result<void> store(const StorageBatch& batch);
    [[nodiscard]] Result<void> drop_old();
    // As it is, and a final error is kept.
    [[nodiscard]] Result<void> note(Result<void> outcome);

    const std::unique_ptr<DiskFolder> folder_;
    const DiskLogOptions options_;
    Uuid log_;
    std::uint64_t first_ = 1;    // segment, as the head has it
    std::uint64_t removed_ = 1;  // those below are
    std::atomic<std::uint64_t> newest_{0};
    std::atomic<std::uint64_t> needed_{1};  // at or above first_
    std::uint64_t noted_frames_ = 0;        // that the head says there are at least

    std::unique_ptr<DiskFile> file_;  // of the newest segment
    std::uint64_t file_bytes_ = 0;
    std::uint64_t end_ = 0;      // of its frames
    std::uint64_t written_ = 0;  // up to here it was written to, or that was tried
    FramePlace next_;
    FrameBuilder builder_;
    bool torn_ = false;
    BatchNumber durable_;
    std::optional<Error> failed_;
};

}  // namespace ringkv
