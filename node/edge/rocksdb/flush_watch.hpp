// What RocksDB's threads tell of their work. A table for which there is no room is no error: nothing is lost, it is
// tried again, and meanwhile no more should be written. Where there is none for its manifest RocksDB takes no writes
// until Resume() (it would go on with a file that is broken). Any other error ends the engine.
//
// Thread safety: all of it.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

namespace ringkv {

class FlushWatch final : public rocksdb::EventListener {
  public:
    void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& flush) override {
        no_room_ = false;
        std::uint64_t known = flushed_;
        while (known < flush.largest_seqno && !flushed_.compare_exchange_weak(known, flush.largest_seqno)) {
        }
    }

    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
        using Reason = rocksdb::BackgroundErrorReason;
        if (error->IsNoSpace()) {
            no_room_ = true;
            if (reason != Reason::kManifestWrite && reason != Reason::kManifestWriteNoWAL)
                *error = rocksdb::Status::OK();  // else RocksDB would take no more writes
            return;
        }
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = error->ToString();
    }

    // What was written up to this sequence number of RocksDB's is durable.
    [[nodiscard]] std::uint64_t flushed() const { return flushed_; }
    [[nodiscard]] bool no_room() const { return no_room_; }
    [[nodiscard]] std::optional<std::string> failure() const {
        const std::lock_guard lock(mutex_);
        return failure_;
    }

  private:
    std::atomic<std::uint64_t> flushed_{0};
    std::atomic<bool> no_room_{false};
    mutable std::mutex mutex_;
    std::optional<std::string> failure_;
};

}  // namespace ringkv
