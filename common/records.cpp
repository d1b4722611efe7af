#include "common/records.hpp"

namespace ringkv {

StorageRecord::StorageRecord(const StorageRecord& other) = default;
StorageRecord::StorageRecord(StorageRecord&& other) noexcept = default;
StorageRecord& StorageRecord::operator=(const StorageRecord& other) = default;
StorageRecord& StorageRecord::operator=(StorageRecord&& other) noexcept = default;
StorageRecord::~StorageRecord() = default;

}  // namespace ringkv
