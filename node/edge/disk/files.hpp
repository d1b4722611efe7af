// What the log needs of a file system: small enough that a test's faulty disk can stand in.
//
// Errors: `unavailable`: there is no room, nothing is lost, and the same may be tried again; `storage`: anything else,
// and for a write or a sync that is final (D3). Thread safety: none; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringkv/result.hpp"

namespace ringkv {

class DiskFile {
  public:
    DiskFile() = default;
    DiskFile(const DiskFile&) = delete;
    DiskFile& operator=(const DiskFile&) = delete;
    virtual ~DiskFile() = default;

    // Room for so many bytes, from the start: zeros, until they are written.
    [[nodiscard]] virtual Result<void> allocate(std::uint64_t bytes) = 0;
    // All of it, at this offset.
    [[nodiscard]] virtual Result<void> write(std::uint64_t offset, std::string_view bytes) = 0;
    // What was written is durable.
    [[nodiscard]] virtual Result<void> sync() = 0;
    [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
    // As many bytes from the offset on, or those that there are.
    [[nodiscard]] virtual Result<std::string> read(std::uint64_t offset, std::uint64_t most) const = 0;
};

class DiskFolder {
  public:
    DiskFolder() = default;
    DiskFolder(const DiskFolder&) = delete;
    DiskFolder& operator=(const DiskFolder&) = delete;
    virtual ~DiskFolder() = default;

    // Of its files, sorted.
    [[nodiscard]] virtual Result<std::vector<std::string>> names() const = 0;
    // An empty file, in the place of any of that name.
    [[nodiscard]] virtual Result<std::unique_ptr<DiskFile>> create(const std::string& name) = 0;
    [[nodiscard]] virtual Result<std::unique_ptr<DiskFile>> open(const std::string& name) = 0;
    // In the place of any file that is named `to`.
    [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    [[nodiscard]] virtual Result<void> remove(const std::string& name) = 0;
    // What was created, renamed and removed is durable.
    [[nodiscard]] virtual Result<void> sync() = 0;
    // Where that file is, for messages.
    [[nodiscard]] virtual std::string path(const std::string& name) const = 0;
};

// Replaces a file as one step: after a crash the old contents are there, or the new ones.
[[nodiscard]] Result<void> replace_file(DiskFolder& folder, const std::string& name, std::string_view contents);

// What replace_file() and others leave behind when they are interrupted has this at the end of its name.
inline constexpr std::string_view unfinished = ".new";
// Such files are removed.
[[nodiscard]] Result<void> remove_unfinished(DiskFolder& folder);

}  // namespace ringkv
