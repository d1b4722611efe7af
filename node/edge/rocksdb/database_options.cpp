#include "node/edge/rocksdb/database_options.hpp"

#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <limits>

namespace ringkv {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
constexpr double filter_bits = 10;  // a key: one in a hundred reads of a key that is not there looks for it
// RocksDB's own limits, at which a write waits or is refused, are out of reach.
constexpr int out_of_reach = std::numeric_limits<int>::max() / 2;

}  // namespace

std::uint64_t memtable_bytes(const RocksdbOptions& options) {
    return std::clamp<std::uint64_t>(options.memory / 8, mebibyte, 64 * mebibyte);
}

rocksdb::Options database_options(const RocksdbOptions& options, const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(filter_bits));
    table.format_version = 5;
    table.cache_index_and_filter_blocks = true;  // so that the cache bounds them too
    table.pin_l0_filter_and_index_blocks_in_cache = true;

    rocksdb::Options it;
    it.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    it.compression = rocksdb::kNoCompression;
    it.paranoid_checks = true;
    it.avoid_flush_during_shutdown = true;
    it.write_buffer_size = memtable_bytes(options);
    it.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(0, cache);  // counts them in the cache
    it.max_write_buffer_number = out_of_reach;
    it.level0_slowdown_writes_trigger = out_of_reach;
    it.level0_stop_writes_trigger = out_of_reach;
    it.soft_pending_compaction_bytes_limit = 0;
    it.hard_pending_compaction_bytes_limit = 0;
    it.allow_concurrent_memtable_write = false;  // one thread writes
    it.enable_write_thread_adaptive_yield = false;
    it.bytes_per_sync = mebibyte;
    it.stats_dump_period_sec = 0;
    it.stats_persist_period_sec = 0;
    it.info_log_level = rocksdb::WARN_LEVEL;
    it.max_log_file_size = 4 * mebibyte;
    it.keep_log_file_num = 2;
    return it;
}

}  // namespace ringkv
