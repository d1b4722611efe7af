#include "node/edge/disk/posix_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ringkv {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& path, const char* what, int reason) {
    const std::string text = path + ": " + what + ": " + std::strerror(reason);
    if (reason == ENOSPC || reason == EDQUOT)
        return {ErrorCode::unavailable, text + "; make room: nothing is lost, and it is tried again"};
    return {ErrorCode::storage, text};
}

class PosixFile final : public DiskFile {
  public:
    PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    ~PosixFile() override { ::close(descriptor_); }

    Result<void> allocate(std::uint64_t bytes) override {
        const int reason = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(bytes));
        if (reason != 0) return failed(path_, "room cannot be had", reason);
        return {};
    }

    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return failed(path_, "a write failed", written < 0 ? errno : EIO);
            offset += static_cast<std::uint64_t>(written);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        return {};
    }

    // Of a file whose room was had before this writes no more than the data. What it says of room is said too late to
    // try again: it is final, as any other failure of a sync.
    Result<void> sync() override {
        if (::fdatasync(descriptor_) == 0) return {};
        return Error(ErrorCode::storage, path_ + ": a sync failed: " + std::strerror(errno));
    }

    [[nodiscard]] Result<std::uint64_t> size() const override {
        struct stat found {};
        if (::fstat(descriptor_, &found) != 0) return failed(path_, "its size cannot be told", errno);
        return static_cast<std::uint64_t>(found.st_size);
    }

    [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::uint64_t most) const override {
        const auto end = size();
        if (!end) return end.error();
        std::string bytes(offset < *end ? std::min(most, *end - offset) : 0, '\0');
        for (std::size_t at = 0; at < bytes.size();) {
            const ssize_t got =
                ::pread(descriptor_, bytes.data() + at, bytes.size() - at, static_cast<off_t>(offset + at));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failed(path_, "a read failed", errno);
            if (got == 0) bytes.resize(at);  // it has become shorter
            at += static_cast<std::size_t>(got);
        }
        return bytes;
    }

  private:
    const int descriptor_;
    const std::string path_;
};

Result<std::unique_ptr<DiskFile>> open_at(const fs::path& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
    if (descriptor < 0) return failed(path.string(), "cannot be opened", errno);
    return std::unique_ptr<DiskFile>(std::make_unique<PosixFile>(descriptor, path.string()));
}

Result<void> sync_folder(const fs::path& path) {
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return failed(path.string(), "cannot be opened", errno);
    const int synced = ::fsync(folder);
    const int reason = errno;
    ::close(folder);
    if (synced == 0) return {};
    return Error(ErrorCode::storage, path.string() + ": a sync failed: " + std::strerror(reason));
}

class PosixFolder final : public DiskFolder {
  public:
    explicit PosixFolder(fs::path path) : path_(std::move(path)) {}

    [[nodiscard]] Result<std::vector<std::string>> names() const override {
        std::vector<std::string> names;
        std::error_code error;
        for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error))
            names.push_back(it->path().filename().string());
        if (error) return Error(ErrorCode::storage, path_.string() + ": cannot be read: " + error.message());
        std::sort(names.begin(), names.end());
        return names;
    }
    Result<std::unique_ptr<DiskFile>> create(const std::string& name) override {
        return open_at(path_ / name, O_RDWR | O_CREAT | O_TRUNC);
    }
    Result<std::unique_ptr<DiskFile>> open(const std::string& name) override { return open_at(path_ / name, O_RDWR); }
    Result<void> rename(const std::string& from, const std::string& to) override {
        if (::rename((path_ / from).c_str(), (path_ / to).c_str()) == 0) return {};
        return failed(path(from), "cannot be renamed", errno);
    }
    Result<void> remove(const std::string& name) override {
        if (::unlink((path_ / name).c_str()) == 0) return {};
        return failed(path(name), "cannot be removed", errno);
    }
    Result<void> sync() override { return sync_folder(path_); }
    [[nodiscard]] std::string path(const std::string& name) const override { return (path_ / name).string(); }

  private:
    const fs::path path_;
};

// A new folder is safe only when the one that names it is.
Result<void> make_folder(const fs::path& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) return {};
    if (path.has_parent_path() && path.parent_path() != path)
        if (auto made = make_folder(path.parent_path()); !made) return made;
    fs::create_directory(path, error);
    if (error) return Error(ErrorCode::storage, path.string() + ": the folder cannot be made: " + error.message());
    return sync_folder(path.parent_path());
}

}  // namespace

Result<std::unique_ptr<DiskFolder>> open_folder(const fs::path& path) {
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error).lexically_normal();
    if (auto made = make_folder(absolute); !made) return made.error();
    return std::unique_ptr<DiskFolder>(std::make_unique<PosixFolder>(absolute));
}

Result<std::unique_ptr<DiskFile>> open_file(const fs::path& path) {
    return open_at(path, O_RDONLY);
}

}  // namespace ringkv
