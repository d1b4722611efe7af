// How a database of ours is opened.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/options.h>

#include <memory>

#include "node/edge/rocksdb/rocksdb_engine.hpp"

namespace ringkv {

// Of one memtable.
[[nodiscard]] std::uint64_t memtable_bytes(const RocksdbOptions& options);

// Nothing makes a write wait; `cache` bounds what is in memory, memtables too.
[[nodiscard]] rocksdb::Options database_options(const RocksdbOptions& options,
                                                const std::shared_ptr<rocksdb::Cache>& cache);

}  // namespace ringkv
