// A host's storage, in memory. It outlives the host's processes; what is on it is kept in the stored
// form, so that every record has been through the codec.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "common/actor.hpp"

namespace ringkv::simulation {

class Disk final : public Storage {
  public:
    enum class Sync : std::uint8_t {
        at_once,    // a batch is durable when commit() returns
        on_demand,  // a batch is durable after the next sync()
    };

    Result<void> commit(BatchNumber number, StorageBatch&& batch) override;
    [[nodiscard]] Result<BatchNumber> durable() const override { return durable_; }

    void set_sync(Sync sync) { sync_ = sync; }
    // Everything committed so far (up to that batch) is durable.
    void sync() { sync(written_); }
    void sync(BatchNumber up_to);
    [[nodiscard]] BatchNumber written() const { return written_; }
    // From now on commit() fails, until restarted() or a call with false.
    void set_broken(bool broken) { broken_ = broken; }

    // Where the next record will stand: how many there ever were. Those before a place may be dropped, once they are
    // durable.
    [[nodiscard]] std::size_t end() const { return dropped_ + records_.size(); }
    void drop_before(std::size_t place);
    [[nodiscard]] std::size_t records_held() const { return records_.size(); }
    [[nodiscard]] bool begins_late() const { return dropped_ > 0; }

    // The machine lost power: what was not durable is gone, but for the first `spared` batches of it.
    void lose_power(std::size_t spared = 0);
    // A new disk in its place.
    void wipe();
    // A new process opens it: batches are numbered from 1 again.
    void restarted();

    // All that is on it, to be put back later: a backup.
    [[nodiscard]] std::vector<std::string> contents() const { return records_; }
    void replace(std::vector<std::string> contents);

    [[nodiscard]] bool empty() const { return records_.empty(); }
    // All records that are on it, durable or not, in the order of writing.
    [[nodiscard]] std::vector<StorageRecord> records() const;

  private:
    Sync sync_ = Sync::at_once;
    bool broken_ = false;
    std::vector<std::string> records_;  // encoded
    std::vector<std::size_t> ends_;     // of the batches written and not durable yet, in records_
    std::size_t durable_records_ = 0;   // a prefix of records_
    std::size_t dropped_ = 0;           // records that stood before those
    BatchNumber written_;
    BatchNumber durable_;
};

}  // namespace ringkv::simulation
