// The engine for data larger than memory: what a shard's partitions hold is in a RocksDB database beside its log
// (docs/decisions/0043). RocksDB's own log is off: what it has not flushed when the process ends is applied anew, from
// ours.
//
// What is applied goes to its memtables, and no turn waits for the disk, also where it is full (patient_files.hpp);
// lags() says when that should not go on.
#pragma once

#include <filesystem>
#include <memory>

#include "common/ids.hpp"
#include "node/engine.hpp"

namespace ringkv {

struct RocksdbOptions {
    std::filesystem::path path;  // a folder of its own
    // Whose it is: written into it when it is made, and compared from then on.
    Uuid storage;
    Uuid log;
    ShardIndex shard = 0;
    StartNumber start;  // of the process: numbers grow with it
    // Bytes, for the cache and what is not flushed; the rest of what RocksDB takes is small.
    std::uint64_t memory = std::uint64_t{64} << 20U;
};

// One that is there, or a new one where there is none. Errors: storage: a part of it is missing or damaged, as far as
// can be seen without reading all of it; refused: it is another node's, log's or shard's.
[[nodiscard]] Result<std::unique_ptr<Engine>> open_rocksdb_engine(const RocksdbOptions& options);

}  // namespace ringkv
