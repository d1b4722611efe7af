#include "tests/simulation/disk.hpp"

#include "common/check.hpp"
#include "common/edge/codec.hpp"

namespace ringkv::simulation {

Result<void> Disk::commit(BatchNumber number, StorageBatch batch) {
    if (broken_) return Error(ErrorCode::storage, "the simulated disk is broken");
    RINGKV_CHECK(number == written_.next(), "batches are numbered without a gap");
    for (const StorageRecord& record : batch) records_.push_back(encode_record(record));
    written_ = number;
    if (sync_ == Sync::at_once) sync();
    return {};
}

void Disk::sync() {
    durable_ = written_;
    durable_records_ = records_.size();
}

void Disk::lose_power() {
    records_.resize(durable_records_);
}

void Disk::wipe() {
    records_.clear();
    durable_records_ = 0;
}

void Disk::restarted() {
    broken_ = false;
    written_ = durable_ = BatchNumber{};
    durable_records_ = records_.size();
}

std::vector<StorageRecord> Disk::records() const {
    std::vector<StorageRecord> records;
    records.reserve(records_.size());
    for (const std::string& bytes : records_) {
        auto record = decode_record(bytes);
        RINGKV_CHECK(record.has_value(), "what was stored can be read back");
        records.push_back(std::move(*record));
    }
    return records;
}

}  // namespace ringkv::simulation
