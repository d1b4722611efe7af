#include "node/edge/rocksdb/rocksdb_engine.hpp"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "node/edge/rocksdb/database_options.hpp"
#include "node/edge/rocksdb/flush_watch.hpp"
#include "node/edge/rocksdb/patient_files.hpp"
#include "node/edge/rocksdb/stored_form.hpp"

namespace ringkv {
namespace {

namespace fs = std::filesystem;
using stored::Place;

// Memtables that wait to be flushed, and files that wait to be merged: with more of them the engine lags.
constexpr std::uint64_t most_waiting_memtables = 4;
constexpr std::uint64_t most_unmerged_files = 24;
// Room on the disk for so many of them is left free, for what is applied already.
constexpr std::uint64_t memtables_kept_free = 4;

rocksdb::Slice slice(std::string_view bytes) {
    return {bytes.data(), bytes.size()};
}
std::string_view view(const rocksdb::Slice& bytes) {
    return {bytes.data(), bytes.size()};
}

class RocksdbEngine final : public Engine {
  public:
    explicit RocksdbEngine(const RocksdbOptions& options)
        : path_(options.path),
          reserve_(memtables_kept_free * memtable_bytes(options)),
          contents_given_(options.start.value() << 32U),
          next_flush_((options.start.value() << 32U) + 1) {}
    // As if the process had been killed: it waits neither for room nor for a flush.
    ~RocksdbEngine() override {
        found_.Reset();
        files_->let_go();
    }
    RocksdbEngine(const RocksdbEngine&) = delete;
    RocksdbEngine& operator=(const RocksdbEngine&) = delete;

    [[nodiscard]] Result<void> open(const RocksdbOptions& options);

    [[nodiscard]] std::optional<Found> get(PartitionId partition, std::string_view key) const override;
    [[nodiscard]] ScanPart scan(PartitionId partition, const ScanRange& range) const override;
    void apply(PartitionId partition, const Entry& entry) override;
    ContentsNumber clear(PartitionId partition) override;
    void load(PartitionId partition, const std::vector<KeyRecord>& records) override;
    [[nodiscard]] bool reclaim(std::size_t most) override;
    [[nodiscard]] Size size(PartitionId partition) const override;
    [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }

    void select(PartitionId partition, ContentsNumber contents) override { current(partition) = contents; }
    void forget_unselected() override;
    void forget(PartitionId partition, ContentsNumber before) override;
    [[nodiscard]] FlushNumber next_flush() const override { return next_flush_; }
    void flush() override;
    [[nodiscard]] FlushNumber flushed() const override;
    [[nodiscard]] bool lags() const override { return lags_.load(std::memory_order_relaxed); }

  private:
    [[nodiscard]] Result<void> take_up(const RocksdbOptions& options);
    [[nodiscard]] Error error_of(const rocksdb::Status& status) const;
    void check(const rocksdb::Status& status) const;
    [[nodiscard]] stored::Value value_of(std::string_view bytes) const;

    [[nodiscard]] ContentsNumber& current(PartitionId partition);
    [[nodiscard]] ContentsNumber contents_of(PartitionId partition) const;
    // -> in key_
    std::string_view key_of(const Place& place, std::string_view key) const;
    void put(const Place& place, std::string_view key, const stored::Value& value);
    void remove(const std::string& begin, const std::string& end);
    [[nodiscard]] bool little_room() const;
    [[nodiscard]] std::uint64_t number(const rocksdb::Slice& property) const;

    const fs::path path_;
    const std::uint64_t reserve_;  // of the disk: with less room it lags
    std::shared_ptr<rocksdb::Cache> cache_;
    std::shared_ptr<PatientFiles> files_ = std::make_shared<PatientFiles>();
    std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(files_);
    std::shared_ptr<FlushWatch> watch_ = std::make_shared<FlushWatch>();
    std::unique_ptr<rocksdb::DB> db_;
    rocksdb::WriteOptions writes_;

    std::vector<ContentsNumber> current_;  // by partition; none: it has none yet
    ContentsNumber contents_given_;
    FlushNumber next_flush_;
    FlushNumber flushed_;            // as it was opened
    FlushNumber flushing_;           // the newest that was begun
    std::uint64_t flushing_to_ = 0;  // its sequence number
    std::uint64_t bytes_ = 0;
    std::atomic<bool> lags_{false};

    // Used again by each call.
    mutable rocksdb::PinnableSlice found_;
    mutable std::string key_;
    std::string value_;
};

// ---------------------------------------------------------------- opening

// A database without its file CURRENT is made anew by RocksDB, and what it had is removed: only where there is nothing.
Result<bool> is_new(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    bool has_tables = false;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
        if (it->path().filename() == "CURRENT") return false;
        has_tables = has_tables || it->path().extension() == ".sst";
    }
    if (error) return Error(ErrorCode::storage, path.string() + ": " + error.message());
    if (has_tables)
        return Error(ErrorCode::storage, "the engine in " + path.string() + ": its file CURRENT is missing");
    return true;
}

Result<void> RocksdbEngine::open(const RocksdbOptions& options) {
    const auto fresh = is_new(path_);
    if (!fresh) return fresh.error();
    if (*fresh && little_room())
        return Error(ErrorCode::storage, "the engine in " + path_.string() + " cannot be made: it would take " +
                                             std::to_string(reserve_) + " bytes, and the disk has less room");
    rocksdb::LRUCacheOptions cache;
    cache.capacity = options.memory;
    cache_ = rocksdb::NewLRUCache(cache);
    rocksdb::Options how = database_options(options, cache_);
    how.create_if_missing = *fresh;
    how.env = env_.get();
    how.listeners = {watch_};
    rocksdb::DB* opened = nullptr;
    if (const auto status = rocksdb::DB::Open(how, path_.string(), &opened); !status.ok()) return error_of(status);
    db_.reset(opened);
    files_->be_patient();
    writes_.disableWAL = true;
    try {
        return take_up(options);
    } catch (const EngineFailure& failure) {
        return failure.error();
    }
}

Result<void> RocksdbEngine::take_up(const RocksdbOptions& options) {
    const std::string owner_fact = stored::fact("owner");
    const std::string owner =
        options.storage.to_string() + " " + options.log.to_string() + " " + std::to_string(options.shard);
    const auto found = db_->Get({}, db_->DefaultColumnFamily(), owner_fact, &found_);
    if (found.IsNotFound()) {
        check(db_->Put(writes_, owner_fact, owner));
        check(db_->Flush({}));
    } else {
        check(found);
        if (view(found_) != owner)
            return Error(ErrorCode::refused, "the engine in " + path_.string() + " is of " + found_.ToString() +
                                                 " (storage, log, shard), and not of " + owner);
    }
    const auto flushed = db_->Get({}, db_->DefaultColumnFamily(), stored::fact("flush"), &found_);
    if (flushed.IsNotFound()) return {};
    check(flushed);
    flushed_ = FlushNumber(stored::number_of(view(found_)));
    return {};
}

// ---------------------------------------------------------------- what fails

Error RocksdbEngine::error_of(const rocksdb::Status& status) const {
    return {ErrorCode::storage, "the engine in " + path_.string() + ": " + status.ToString()};
}

void RocksdbEngine::check(const rocksdb::Status& status) const {
    if (!status.ok()) throw EngineFailure(error_of(status));
}

stored::Value RocksdbEngine::value_of(std::string_view bytes) const {
    const auto value = stored::value_of(bytes);
    if (!value) throw EngineFailure(error_of(rocksdb::Status::Corruption("a value is damaged")));
    return *value;
}

// ---------------------------------------------------------------- reading and writing

ContentsNumber& RocksdbEngine::current(PartitionId partition) {
    if (partition.value() >= current_.size()) current_.resize(partition.value() + 1);
    return current_[partition.value()];
}

ContentsNumber RocksdbEngine::contents_of(PartitionId partition) const {
    return partition.value() < current_.size() ? current_[partition.value()] : ContentsNumber();
}

std::string_view RocksdbEngine::key_of(const Place& place, std::string_view key) const {
    key_.clear();
    stored::put_place(key_, place);
    return key_.append(key);
}

std::optional<Engine::Found> RocksdbEngine::get(PartitionId partition, std::string_view key) const {
    const ContentsNumber contents = contents_of(partition);
    if (contents.none()) return std::nullopt;
    found_.Reset();
    const auto status = db_->Get({}, db_->DefaultColumnFamily(), slice(key_of({partition, contents}, key)), &found_);
    if (status.IsNotFound()) return std::nullopt;
    check(status);
    const stored::Value value = value_of(view(found_));
    return Found{value.bytes, value.version};
}

ScanPart RocksdbEngine::scan(PartitionId partition, const ScanRange& range) const {
    ScanPart part;
    const Place place{partition, contents_of(partition)};
    if (place.contents.none()) return part;
    const std::string end = stored::end_of(place);
    const rocksdb::Slice bound = slice(end);
    rocksdb::ReadOptions reads;
    reads.fill_cache = false;  // what is read once is not worth what it would push out
    reads.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(reads));
    const bool behind = range.after && *range.after >= range.prefix;
    it->Seek(slice(key_of(place, behind ? *range.after : range.prefix)));
    if (behind && it->Valid() && view(it->key()) == key_) it->Next();
    std::size_t bytes = 0;
    for (; it->Valid(); it->Next()) {
        const std::string_view key = view(it->key()).substr(stored::place_bytes);
        if (!key.starts_with(range.prefix)) break;
        if ((range.max_records != 0 && part.records.size() == range.max_records) ||
            (range.max_bytes != 0 && bytes >= range.max_bytes)) {
            part.more = true;
            break;
        }
        const stored::Value value = value_of(view(it->value()));
        part.records.push_back({std::string(key), std::string(range.keys_only ? std::string_view() : value.bytes),
                                value.version, value.flags, value.expires});
        bytes += key.size() + part.records.back().value.size() + sizeof(KeyRecord);
    }
    check(it->status());
    return part;
}

void RocksdbEngine::put(const Place& place, std::string_view key, const stored::Value& value) {
    value_.clear();
    stored::put_value(value_, value);
    check(db_->Put(writes_, slice(key_of(place, key)), value_));
}

void RocksdbEngine::apply(PartitionId partition, const Entry& entry) {
    if (entry.kind != EntryKind::set && entry.kind != EntryKind::remove) return;
    ContentsNumber& contents = current(partition);
    if (contents.none()) clear(partition);
    if (entry.kind == EntryKind::set)
        put({partition, contents}, entry.key, {entry.op, entry.flags, entry.expires, entry.value});
    else
        check(db_->Delete(writes_, slice(key_of({partition, contents}, entry.key))));
}

ContentsNumber RocksdbEngine::clear(PartitionId partition) {
    contents_given_ = contents_given_.next();
    return current(partition) = contents_given_;
}

void RocksdbEngine::load(PartitionId partition, const std::vector<KeyRecord>& records) {
    if (current(partition).none()) clear(partition);
    for (const KeyRecord& record : records)
        put({partition, current(partition)}, record.key, {record.version, record.flags, record.expires, record.value});
}

// ---------------------------------------------------------------- earlier contents

void RocksdbEngine::remove(const std::string& begin, const std::string& end) {
    const rocksdb::Slice bound = slice(end);
    rocksdb::ReadOptions reads;
    reads.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(reads));
    it->Seek(begin);
    check(it->status());
    if (it->Valid()) check(db_->DeleteRange(writes_, db_->DefaultColumnFamily(), begin, end));
}

void RocksdbEngine::forget(PartitionId partition, ContentsNumber before) {
    remove(stored::begin_of({partition, {}}), stored::begin_of({partition, before}));
}

void RocksdbEngine::forget_unselected() {
    std::vector<Place> unselected;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
    for (it->SeekToFirst(); it->Valid();) {
        const auto place = stored::place_of(view(it->key()));
        if (!place) break;
        if (place->contents != contents_of(place->partition)) unselected.push_back(*place);
        it->Seek(stored::end_of(*place));
    }
    check(it->status());
    for (const Place& place : unselected) remove(stored::begin_of(place), stored::end_of(place));
}

// ---------------------------------------------------------------- what becomes durable

void RocksdbEngine::flush() {
    std::string bytes;
    stored::put_number(bytes, next_flush_.value());
    check(db_->Put(writes_, stored::fact("flush"), bytes));
    flushed_ = flushed();
    flushing_ = std::exchange(next_flush_, next_flush_.next());
    flushing_to_ = db_->GetLatestSequenceNumber();
    rocksdb::FlushOptions how;
    how.wait = false;
    how.allow_write_stall = true;  // else it would wait for those before it
    check(db_->Flush(how));
}

FlushNumber RocksdbEngine::flushed() const {
    return !flushing_.none() && watch_->flushed() >= flushing_to_ ? flushing_ : flushed_;
}

bool RocksdbEngine::little_room() const {
    std::error_code error;
    return fs::space(path_, error).available < reserve_ && !error;
}

std::uint64_t RocksdbEngine::number(const rocksdb::Slice& property) const {
    std::uint64_t value = 0;
    if (!db_->GetIntProperty(property, &value)) return 0;
    return value;
}

// Called in each tick: what takes a moment to be learned is learned here.
bool RocksdbEngine::reclaim(std::size_t) {
    if (const auto failure = watch_->failure())
        throw EngineFailure(Error(ErrorCode::storage, "the engine in " + path_.string() + ": " + *failure));
    std::string unmerged;
    (void)db_->GetProperty(rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &unmerged);
    lags_ = files_->wait_for_room() || little_room() ||
            number(rocksdb::DB::Properties::kNumImmutableMemTable) >= most_waiting_memtables ||
            std::strtoull(unmerged.c_str(), nullptr, 10) >= most_unmerged_files;
    bytes_ = cache_->GetUsage();
    return false;
}

// From how much of the files and memtables is the partition's, and how many keys all of them have.
Engine::Size RocksdbEngine::size(PartitionId partition) const {
    const Place place{partition, contents_of(partition)};
    if (place.contents.none()) return {};
    const std::string begin = stored::begin_of(place);
    const std::string end = stored::end_of(place);
    const rocksdb::Range range(begin, end);
    rocksdb::SizeApproximationOptions what;
    what.include_memtables = true;
    what.files_size_error_margin = 0.1;
    std::uint64_t bytes = 0;
    check(db_->GetApproximateSizes(what, db_->DefaultColumnFamily(), &range, 1, &bytes));
    const std::uint64_t all_bytes =
        number(rocksdb::DB::Properties::kLiveSstFilesSize) + number(rocksdb::DB::Properties::kCurSizeActiveMemTable);
    const std::uint64_t all_keys = number(rocksdb::DB::Properties::kEstimateNumKeys);
    if (bytes == 0 || all_bytes == 0) return {};
    const double part = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(all_bytes));
    return {static_cast<std::uint64_t>(part * static_cast<double>(all_keys)), bytes};
}

}  // namespace

Result<std::unique_ptr<Engine>> open_rocksdb_engine(const RocksdbOptions& options) {
    auto engine = std::make_unique<RocksdbEngine>(options);
    if (auto opened = engine->open(options); !opened) return opened.error();
    return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace ringkv
