// The registry's state on disk: one SQLite file, registry.db, in its data directory. Each batch is one
// transaction, durable (fsync) when commit() returns. Beside the map it has the newest events (registry/event_log.hpp),
// in a table that releases up to 0.5 neither made nor look at.
//
// One process at a time: the file is locked while the store lives, and the lock goes with the process.
// Every error is of code storage, but for that of commit(), and says what to do. Thread safety: one thread.
//
// A row of `meta`, "format", has the number of the format of all values, where it is not 1. It grows when a release
// changes what a field means, not when it adds one: fields that this release does not know are passed over, and
// lost from each value that it writes anew.
#pragma once

#include <memory>
#include <string>

#include "common/actor.hpp"

namespace ringkv {

class MapStore final : public Storage {
  public:
    // Makes the directory and an empty store if there is none. Refuses what is not a registry's store, is of
    // a newer release (and leaves it as it is), is damaged, or is in use.
    static Result<std::unique_ptr<MapStore>> open(const std::string& data_dir);
    ~MapStore() override;
    MapStore(const MapStore&) = delete;
    MapStore& operator=(const MapStore&) = delete;

    // All that was committed; epoch none: nothing yet. An error: the content is damaged, or of a newer release.
    [[nodiscard]] Result<ClusterMap> load();
    // The generation of the newest FenceRecord that was there when the store was opened; none: there was no rebuild.
    [[nodiscard]] Generation fence() const;
    // The newest that were committed, in the order of ids. Errors as above.
    [[nodiscard]] Result<std::vector<Event>> load_events();

    // Takes only MapDeltas, each of the epoch after the one before (the first of any), EventsRecords and FenceRecords.
    // Error unavailable: the file
    // system is full.
    [[nodiscard]] Result<void> commit(BatchNumber number, StorageBatch&& batch) override;
    [[nodiscard]] Result<BatchNumber> durable() const override { return durable_; }

  private:
    class Impl;
    explicit MapStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
    BatchNumber durable_;
};

}  // namespace ringkv
