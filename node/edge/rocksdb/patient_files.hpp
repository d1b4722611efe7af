// The files of an engine on disk. A write for which there is no room waits until there is some, so RocksDB never learns
// of a full disk: some of its files it would write on behind the broken end, and Debian's build ends the process then.
// Its writes are those of its own threads, beside the turn.
//
// Thread safety: all of it.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace ringkv {

class PatientFiles final : public rocksdb::FileSystemWrapper {
  public:
    PatientFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

    [[nodiscard]] const char* Name() const override { return "ringkv-patient-files"; }

    // From now on the writes of the thread that made it wait for room, too; until then they fail, so that an engine
    // which cannot be opened says so.
    void be_patient() { impatient_ = std::thread::id(); }
    // A write waits for room.
    [[nodiscard]] bool wait_for_room() const { return waiting_ != 0; }
    // Nothing waits any longer, and nothing more is changed on the disk, as if the process had been killed.
    void let_go() { gone_ = true; }
    [[nodiscard]] bool gone() const { return gone_; }

    rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& how,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& how,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file,
                                         rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& how,
                                 rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& how,
                                 rocksdb::IODebugContext* debug) override;

    // Calls `attempt` (a system call) until it does not fail for want of room. -> what it returned, with its errno.
    // None: let_go() was called, and it was not.
    template <class Attempt>
    auto when_there_is_room(Attempt&& attempt) -> std::optional<decltype(attempt())>;

  private:
    std::atomic<std::thread::id> impatient_{std::this_thread::get_id()};
    std::atomic<bool> gone_{false};
    std::atomic<int> waiting_{0};
};

}  // namespace ringkv
