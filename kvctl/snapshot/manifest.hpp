// What a snapshot has: its manifest, the file snapshot.json, is written last; a directory without one is no snapshot.
#pragma once

#include <ringkv/admin.hpp>
#include <ringkv/client.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "kvctl/snapshot/key_file.hpp"

namespace ringkv::kvctl {

struct Manifest {
    std::string program;  // and version, that wrote it
    std::string began;    // UTC, as 2026-11-26T15:04:05Z
    std::string ended;
    // The cluster, as it was at the beginning.
    std::string cluster;
    std::string cluster_id;
    std::uint64_t epoch = 0;
    std::uint64_t partitions = 0;
    std::uint64_t replication = 0;
    Settings settings{};
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;  // of keys and values
    std::vector<KeyFileSummary> files{};
};

// On the disk when it returns, and with it the names of all files of the directory. Errors: storage.
[[nodiscard]] Result<void> write_manifest(const std::filesystem::path& directory, const Manifest& manifest);
// Errors: storage: there is none, it is damaged, or of a later format.
[[nodiscard]] Result<Manifest> read_manifest(const std::filesystem::path& directory);

}  // namespace ringkv::kvctl
