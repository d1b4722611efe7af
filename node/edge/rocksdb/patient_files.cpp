#include "node/edge/rocksdb/patient_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

namespace ringkv {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

constexpr auto between_attempts = std::chrono::milliseconds(50);
constexpr mode_t permissions = 0644;

IOStatus error_of(const std::string& path, int error) {
    const std::string text = std::generic_category().message(error);
    if (error == ENOENT) return IOStatus::PathNotFound(path, text);
    if (error == ENOSPC || error == EDQUOT) return IOStatus::NoSpace(path, text);
    return IOStatus::IOError(path, text);
}

}  // namespace

template <class Attempt>
auto PatientFiles::when_there_is_room(Attempt&& attempt) -> std::optional<decltype(attempt())> {
    bool waits = false;
    for (;; std::this_thread::sleep_for(between_attempts)) {
        std::optional<decltype(attempt())> done;
        if (!gone_) {
            done = attempt();
            if (*done == -1 && errno == EINTR) continue;
        }
        const int error = errno;
        const bool no_room = done && *done == -1 && (error == ENOSPC || error == EDQUOT);
        const bool goes_on = no_room && impatient_.load() != std::this_thread::get_id();
        if (goes_on != waits) waiting_ += goes_on ? 1 : -1;
        waits = goes_on;
        errno = error;
        if (!goes_on) return done;
    }
}

namespace {

class PatientFile final : public FSWritableFile {
  public:
    PatientFile(PatientFiles& files, std::string path, int descriptor, std::uint64_t size, const FileOptions& how)
        : FSWritableFile(how), files_(files), path_(std::move(path)), descriptor_(descriptor), size_(size) {}
    ~PatientFile() override {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    PatientFile(const PatientFile&) = delete;
    PatientFile& operator=(const PatientFile&) = delete;

    using FSWritableFile::Append;
    IOStatus Append(const rocksdb::Slice& data, const IOOptions&, IODebugContext*) override {
        std::size_t written = 0;
        while (written < data.size()) {
            const auto done = files_.when_there_is_room(
                [&] { return ::write(descriptor_, data.data() + written, data.size() - written); });
            if (!done) break;
            if (*done < 0) return error_of(path_, errno);
            written += static_cast<std::size_t>(*done);
        }
        size_ += data.size();
        return IOStatus::OK();
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
        const auto done = files_.when_there_is_room([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); });
        if (done && *done != 0) return error_of(path_, errno);
        size_ = size;
        return IOStatus::OK();
    }
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    // Never tried again: what a sync has not stored once, a later one may say to have stored. So a lack of room that it
    // tells of (where a write does not take the room that it needs) is an error like any other.
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
        if (files_.gone() || ::fdatasync(descriptor_) == 0) return IOStatus::OK();
        return IOStatus::IOError(path_, std::generic_category().message(errno));
    }
    // Only so that the last sync has less to do: its errors are that one's.
    IOStatus RangeSync(std::uint64_t offset, std::uint64_t bytes, const IOOptions&, IODebugContext*) override {
        (void)::sync_file_range(descriptor_, static_cast<off64_t>(offset), static_cast<off64_t>(bytes),
                                SYNC_FILE_RANGE_WRITE);
        return IOStatus::OK();
    }
    bool IsSyncThreadSafe() const override { return true; }
    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }
    IOStatus Close(const IOOptions&, IODebugContext*) override {
        if (::close(std::exchange(descriptor_, -1)) == 0) return IOStatus::OK();
        return IOStatus::IOError(path_, std::generic_category().message(errno));
    }

  private:
    PatientFiles& files_;
    const std::string path_;
    int descriptor_;
    std::uint64_t size_;
};

IOStatus open_file(PatientFiles& files, const std::string& path, int flags, const FileOptions& how,
                   std::unique_ptr<FSWritableFile>* file) {
    const auto opened = files.when_there_is_room(
        [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, permissions); });
    // Let go: what is written goes nowhere.
    const int descriptor = opened ? *opened : ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return error_of(path, errno);
    struct stat about {};
    if (::fstat(descriptor, &about) != 0) {
        const int error = errno;
        ::close(descriptor);
        return error_of(path, error);
    }
    *file = std::make_unique<PatientFile>(files, path, descriptor, static_cast<std::uint64_t>(about.st_size), how);
    return IOStatus::OK();
}

}  // namespace

IOStatus PatientFiles::NewWritableFile(const std::string& path, const FileOptions& how,
                                       std::unique_ptr<FSWritableFile>* file, IODebugContext*) {
    return open_file(*this, path, O_TRUNC, how, file);
}

IOStatus PatientFiles::ReopenWritableFile(const std::string& path, const FileOptions& how,
                                          std::unique_ptr<FSWritableFile>* file, IODebugContext*) {
    return open_file(*this, path, O_APPEND, how, file);
}

IOStatus PatientFiles::RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) {
    const auto done = when_there_is_room([&] { return std::rename(from.c_str(), to.c_str()); });
    if (done && *done != 0) return error_of(from, errno);
    return IOStatus::OK();
}

IOStatus PatientFiles::DeleteFile(const std::string& path, const IOOptions& how, IODebugContext* debug) {
    if (gone_) return IOStatus::OK();
    return FileSystemWrapper::DeleteFile(path, how, debug);
}

}  // namespace ringkv
