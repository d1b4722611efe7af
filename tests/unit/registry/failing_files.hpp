// A disk of SQLite's that fails on command: every database that is opened while this object lives is on it.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <memory>

namespace ringkv::test {

// One at a time. Thread safety: one thread.
class FailingFiles {
  public:
    FailingFiles() : real_(sqlite3_vfs_find(nullptr)), ours_(*real_) {
        instance_ = this;
        ours_.zName = "failing-files";
        ours_.xOpen = open;
        EXPECT_EQ(sqlite3_vfs_register(&ours_, 1), SQLITE_OK);
    }
    ~FailingFiles() {
        sqlite3_vfs_unregister(&ours_);
        sqlite3_vfs_register(real_, 1);
        instance_ = nullptr;
    }
    FailingFiles(const FailingFiles&) = delete;
    FailingFiles& operator=(const FailingFiles&) = delete;

    // So many bytes can be written, and then there is no room; -1 = any number.
    void set_room(long bytes) { room_ = bytes; }
    void fail_syncs(bool fail) { syncs_fail_ = fail; }

  private:
    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
        const int code = instance_->real_->xOpen(instance_->real_, name, file, flags, out);
        if (code != SQLITE_OK || file->pMethods == nullptr) return code;
        auto& changed = instance_->methods_[file->pMethods];
        if (!changed) {
            changed = std::make_unique<sqlite3_io_methods>(*file->pMethods);
            changed->xWrite = write;
            changed->xSync = sync;
            instance_->originals_[changed.get()] = file->pMethods;
        }
        file->pMethods = changed.get();
        return code;
    }
    static int write(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 offset) {
        if (instance_->room_ >= 0 && (instance_->room_ -= bytes) < 0) {
            instance_->room_ = 0;
            return SQLITE_FULL;
        }
        return instance_->originals_.at(file->pMethods)->xWrite(file, data, bytes, offset);
    }
    static int sync(sqlite3_file* file, int flags) {
        if (instance_->syncs_fail_) return SQLITE_IOERR_FSYNC;
        return instance_->originals_.at(file->pMethods)->xSync(file, flags);
    }

    static inline FailingFiles* instance_ = nullptr;
    sqlite3_vfs* real_;
    sqlite3_vfs ours_;
    std::map<const sqlite3_io_methods*, std::unique_ptr<sqlite3_io_methods>> methods_;  // by the original
    std::map<const sqlite3_io_methods*, const sqlite3_io_methods*> originals_;          // by ours
    long room_ = -1;
    bool syncs_fail_ = false;
};

}  // namespace ringkv::test
