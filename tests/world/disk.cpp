#include "tests/world/disk.hpp"

#include <algorithm>

#include "common/check.hpp"
#include "common/edge/codec/codec.hpp"

namespace ringkv::simulation {

Result<void> Disk::commit(BatchNumber number, StorageBatch&& batch) {
    if (broken_) return Error(ErrorCode::storage, "the simulated disk is broken");
    RINGKV_CHECK(number == written_.next(), "batches are numbered without a gap");
    for (const StorageRecord& record : batch) records_.push_back(encode_record(record));
    ends_.push_back(records_.size());
    written_ = number;
    if (sync_ == Sync::at_once) sync();
    return {};
}

void Disk::sync(BatchNumber up_to) {
    for (; durable_ < up_to && !ends_.empty(); durable_ = durable_.next()) {
        durable_records_ = ends_.front();
        ends_.erase(ends_.begin());
    }
}

void Disk::drop_before(std::size_t place) {
    const std::size_t count = place - dropped_;
    RINGKV_CHECK(place >= dropped_ && count <= durable_records_, "what is dropped is durable");
    records_.erase(records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(count));
    for (std::size_t& end : ends_) end -= count;
    durable_records_ -= count;
    dropped_ = place;
}

void Disk::lose_power(std::size_t spared) {
    records_.resize(spared == 0 || ends_.empty() ? durable_records_ : ends_[std::min(spared, ends_.size()) - 1]);
    ends_.clear();
}

void Disk::wipe() {
    replace({});
}

void Disk::replace(std::vector<std::string> contents) {
    records_ = std::move(contents);
    durable_records_ = records_.size();
    dropped_ = 0;
    ends_.clear();
}

void Disk::restarted() {
    broken_ = false;
    written_ = durable_ = BatchNumber{};
    durable_records_ = records_.size();
    ends_.clear();
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
