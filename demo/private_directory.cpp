#include "demo/private_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace ringkv::demo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "ringkv-demo-";
constexpr const char* lock_name = "lock";

Error failed(const fs::path& path, const std::string& what) {
    return {ErrorCode::storage, path.string() + ": " + what + ": " + std::strerror(errno)};
}

// A directory, no link to one, of this user and for no other.
bool is_ours_alone(const fs::path& path) {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() &&
           (found.st_mode & 077U) == 0;
}

// -> the descriptor that holds it; none: another process does, or there is no such file.
std::optional<int> take(const fs::path& lock, int flags) {
    const int descriptor = ::open(lock.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (descriptor < 0) return std::nullopt;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    ::close(descriptor);
    return std::nullopt;
}

}  // namespace

// The lock has its name only once it is held: what is stale has a lock that is not.
Result<PrivateDirectory> PrivateDirectory::make(const fs::path& parent) {
    std::string name = (parent / (std::string(prefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) return failed(name, "cannot be made (TMPDIR says where)");
    const fs::path path = name;
    const fs::path unnamed = path / "lock.new";
    const auto lock = take(unnamed, O_CREAT | O_EXCL);
    if (!lock || ::rename(unnamed.c_str(), (path / lock_name).c_str()) != 0) {
        const Error error = failed(path, "cannot be locked");
        if (lock) ::close(*lock);
        std::error_code ignored;
        fs::remove_all(path, ignored);
        return error;
    }
    return PrivateDirectory(path, *lock);
}

PrivateDirectory::PrivateDirectory(PrivateDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}

PrivateDirectory::~PrivateDirectory() {
    if (lock_ < 0) return;
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    ::close(lock_);
}

void remove_stale(const fs::path& parent) {
    std::error_code error;
    for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
        const fs::path& path = it->path();
        if (!path.filename().string().starts_with(prefix) || !is_ours_alone(path)) continue;
        const auto lock = take(path / lock_name, 0);
        if (!lock) continue;
        std::error_code ignored;
        fs::remove_all(path, ignored);
        ::close(*lock);
    }
}

Result<fs::path> runtime_directory(const fs::path& parent) {
    const char* const given = std::getenv("XDG_RUNTIME_DIR");
    if (given != nullptr && *given == '/' && is_ours_alone(given)) return fs::path(given);
    fs::path path = parent / ("ringkv-" + std::to_string(::geteuid()));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(path, "cannot be made");
    if (is_ours_alone(path)) return path;
    return Error(ErrorCode::refused, path.string() +
                                         " is not this user's alone: remove it, or set TMPDIR to a "
                                         "directory where it is not");
}

}  // namespace ringkv::demo
