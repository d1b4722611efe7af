// Folders and files of the machine.
#pragma once

#include <filesystem>
#include <memory>

#include "node/edge/disk/files.hpp"

namespace ringkv {

// Makes the folder, and those above it, if they are not there.
[[nodiscard]] Result<std::unique_ptr<DiskFolder>> open_folder(const std::filesystem::path& path);
// A file to be read, wherever it is.
[[nodiscard]] Result<std::unique_ptr<DiskFile>> open_file(const std::filesystem::path& path);

}  // namespace ringkv
