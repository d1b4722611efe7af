// Directories of this user alone, below the one for temporary files.
#pragma once

#include <filesystem>

#include "ringkv/result.hpp"

namespace ringkv::demo {

// A demo's data: made new under a name that no other has, locked while the object lives, and removed with it.
//
// Thread safety: none. Errors: storage.
class PrivateDirectory {
  public:
    [[nodiscard]] static Result<PrivateDirectory> make(const std::filesystem::path& parent);
    ~PrivateDirectory();
    PrivateDirectory(PrivateDirectory&& other) noexcept;
    PrivateDirectory& operator=(PrivateDirectory&&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    PrivateDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::filesystem::path path_;
    int lock_;
};

// Removes those of demos that did not come to that, for they were killed: the kernel lets go of a lock with its
// process, so one that is not locked belongs to no process any more. What is another user's, or has no lock, is left
// alone.
void remove_stale(const std::filesystem::path& parent);

// $XDG_RUNTIME_DIR, if that is a directory of this user's; else `parent`/ringkv-UID, made with mode 0700. Errors:
// refused: another user has made that one, or may write to it.
[[nodiscard]] Result<std::filesystem::path> runtime_directory(const std::filesystem::path& parent);

}  // namespace ringkv::demo
