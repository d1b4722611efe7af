// What the log in this folder holds.
#pragma once

#include <vector>

#include "node/edge/disk/disk_log.hpp"
#include "tests/compatibility/v1/values.hpp"

namespace ringkv::log1 {

inline DiskLogOptions options() {
    DiskLogOptions options;
    options.owner = {v1::uuid(0xd1), v1::uuid(0xd2), 1, 2};
    options.segment_bytes = 1024;
    return options;
}

// Each record alone, then all of them at once, and all of them twice.
inline std::vector<StorageBatch> batches() {
    const std::vector<StorageRecord> records = v1::records();
    std::vector<StorageBatch> batches;
    batches.reserve(records.size() + 2);
    for (const StorageRecord& record : records) batches.push_back({record});
    for (int round = 0; round < 2; ++round) batches.emplace_back(records.begin(), records.end());
    return batches;
}

}  // namespace ringkv::log1
