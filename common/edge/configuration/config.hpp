// The programs' configuration: strict YAML files and `--set key=value` on the command line.
//
// What is returned is complete and checked: every default filled in, every range and every rule
// between keys kept. Anything else (an unknown or duplicate key, a bad unit, a missing value, a wrong
// type, a file that is empty or cannot be read, a capability that is not built yet) is
// Error(configuration), one sentence that starts with its place:
//
//     configs/node-1.yaml:7: unknown key 'shard'; did you mean 'shards'?
//     --set lease.becon=5s: unknown key 'lease.becon'; did you mean 'lease.beacon'?
//
// Overrides are applied in their order, over the file; keys are dotted (limits.key=8KiB), lists are
// written [a,b]. Durations are written 100ms, 30s, 10min, 1h or 0; sizes 4KiB, 1MiB, 1GiB or plain
// bytes. All keys are explained in configs/*.yaml. Nothing throws. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cluster_map.hpp"
#include "common/time.hpp"
#include "ringkv/result.hpp"

namespace ringkv {

struct RegistryConfig {
    // `id` is none (formation makes it); `publish` is filled in (the port after listen's, unless given).
    ClusterSettings settings;
    std::string listen;                // "tcp://host:port", ROUTER
    std::optional<std::string> http;   // "host:port"
    std::string data_dir;              // relative to the working directory
    std::uint32_t form_with = 3;       // distinct nodes to wait for; the replication unless given
    bool insecure = false;             // may listen beyond loopback without encryption
    std::vector<std::string> notices;  // accepted, but worth a warning at start
};

enum class EngineKind : std::uint8_t { memory, rocksdb };

struct LimitsConfig {
    std::uint64_t key = std::uint64_t{4} << 10U;         // bytes
    std::uint64_t value = std::uint64_t{1} << 20U;       // bytes
    std::uint32_t inflight = 65536;                      // requests
    std::uint64_t memory = 0;                            // bytes; 0 = no limit
    std::uint64_t sessions = std::uint64_t{256} << 20U;  // bytes
    std::uint64_t log = std::uint64_t{32} << 20U;        // bytes of entries kept in memory
    std::uint64_t cache = std::uint64_t{256} << 20U;     // bytes of memory of the engine rocksdb
};

// The log on disk, of all shards together.
struct LogConfig {
    std::uint64_t segment = std::uint64_t{32} << 20U;  // bytes of one file
    std::uint64_t checkpoint = std::uint64_t{256}
                               << 20U;  // bytes that it may have before a checkpoint makes it shorter
};

struct NodeConfig {
    std::string name;
    std::string rack;
    double weight = 1.0;
    std::vector<std::string> registries;  // at least one "tcp://host:port" (key `registry`, a string or a list)
    std::string listen;                   // of shard 0; shard s has port + s, and all are valid ports
    std::string advertise;                // likewise, as others reach it; listen unless given
    std::optional<std::string> http;      // "host:port"
    std::uint32_t shards = 1;             // 1 .. 64
    std::string data_dir;                 // relative to the working directory
    EngineKind engine = EngineKind::memory;
    Durability durability = Durability::fsync;
    Duration disk_stall = std::chrono::seconds(2);           // without a sync that ends: other nodes take over
    Duration slow_request = std::chrono::milliseconds(100);  // one that takes longer is logged; 0 = none is
    LogConfig log;
    LimitsConfig limits;
    bool insecure = false;
    std::vector<std::string> notices;
};

[[nodiscard]] Result<RegistryConfig> load_registry_config(const std::string& path,
                                                          const std::vector<std::string>& overrides = {});
[[nodiscard]] Result<NodeConfig> load_node_config(const std::string& path,
                                                  const std::vector<std::string>& overrides = {});

}  // namespace ringkv
