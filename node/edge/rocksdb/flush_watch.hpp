// What RocksDB's threads tell of their work. Any error of theirs ends the engine: of a full disk they are not told
// (patient_files.hpp).
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
        std::uint64_t known = flushed_;
        while (known < flush.largest_seqno && !flushed_.compare_exchange_weak(known, flush.largest_seqno)) {
        }
    }

    void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = error->ToString();
    }

    // What was written up to this sequence number of RocksDB's is durable.
    [[nodiscard]] std::uint64_t flushed() const { return flushed_; }
    [[nodiscard]] std::optional<std::string> failure() const {
        const std::lock_guard lock(mutex_);
        return failure_;
    }

  private:
    std::atomic<std::uint64_t> flushed_{0};
    mutable std::mutex mutex_;
    std::optional<std::string> failure_;
};

}  // namespace ringkv
