#include "registry/edge/store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "common/edge/codec/codec.hpp"
#include "common/partitioning.hpp"
#include "registry/edge/sqlite.hpp"
#include "registry/event_log.hpp"

namespace ringkv {

namespace {

constexpr std::int64_t application_id = 0x524B5652;  // "RKVR"
constexpr std::int64_t schema_version = 1;
// Of the values: raised when a release changes what a field of them means. A store without the row has the first one.
constexpr std::uint64_t value_format = 1;

// Write-ahead log, for a commit is then one append and one sync (a rollback journal takes three), and FULL, for
// without it WAL does not sync each commit. SQLite takes a damaged frame of that log for its end; the epochs lost by
// that are noticed as those of an old backup are, by what the nodes know (R2). Exclusive locking keeps a second
// registry out, and spares the shared-memory file.
constexpr const char* how_to_lock = "PRAGMA locking_mode = EXCLUSIVE";
constexpr const char* how_to_store = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT;";

// SQLite notices a damaged page only where its own structure is hit: each value carries its XXH3 as well.
constexpr const char* schema =
    "BEGIN;"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL, hash INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE nodes (id INTEGER PRIMARY KEY, value BLOB NOT NULL, hash INTEGER NOT NULL);"
    "CREATE TABLE partitions (id INTEGER PRIMARY KEY, value BLOB NOT NULL, hash INTEGER NOT NULL);"
    "PRAGMA application_id = 1380669010; PRAGMA user_version = 1;"
    "COMMIT;";
// Releases up to 0.5 did not make it.
constexpr const char* schema_of_events =
    "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, value BLOB NOT NULL, hash INTEGER NOT NULL)";
static_assert(application_id == 1380669010 && schema_version == 1, "as in the schema");

std::int64_t hash(std::string_view value) {
    return static_cast<std::int64_t>(hash_of(value));
}

Error storage_error(std::string text) {
    return {ErrorCode::storage, std::move(text)};
}

// A new file is safe only when the directory that names it is.
Result<void> sync_directory(const std::filesystem::path& path) {
    const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return storage_error(path.string() + ": " + std::strerror(errno));
    const int failed = ::fsync(directory);
    const int reason = errno;
    ::close(directory);
    if (failed != 0) return storage_error(path.string() + ": " + std::strerror(reason));
    return {};
}

Result<void> make_directory(const std::filesystem::path& path) {
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
    if (std::filesystem::is_directory(absolute, error)) return {};
    if (absolute.has_parent_path() && absolute.parent_path() != absolute)
        if (auto made = make_directory(absolute.parent_path()); !made) return made;
    std::filesystem::create_directory(absolute, error);
    if (error) return storage_error("cannot make data_dir " + path.string() + ": " + error.message());
    return sync_directory(absolute.parent_path());
}

}  // namespace

class MapStore::Impl {
  public:
    static Result<std::unique_ptr<Impl>> open(const std::string& data_dir);

    [[nodiscard]] Result<ClusterMap> load();
    [[nodiscard]] Generation fence() const { return fence_; }  // as load() read it
    [[nodiscard]] Result<std::vector<Event>> load_events();
    [[nodiscard]] Result<void> commit(const StorageBatch& batch);

  private:
    Impl(std::string path, std::unique_ptr<sqlite::Database> database)
        : path_(std::move(path)), database_(std::move(database)) {}

    [[nodiscard]] Result<void> prepare_file();
    [[nodiscard]] Error explain(const Error& error) const;
    [[nodiscard]] Error damaged(const std::string& what) const;
    [[nodiscard]] Error of_a_newer_release(const std::string& what) const;
    // Of what a value could not be decoded for.
    [[nodiscard]] Error unreadable(const Error& error) const;
    [[nodiscard]] Result<void> check_versions();

    // Each row of a table: give(key column, checked value).
    template <class Give>
    [[nodiscard]] Result<void> each(const char* sql, const Give& give);
    [[nodiscard]] Result<void> read_meta(ClusterMap& map);

    [[nodiscard]] Result<void> write(const StorageBatch& batch, Epoch& epoch);
    [[nodiscard]] Result<void> write(const MapDelta& delta);
    [[nodiscard]] Result<void> write(const EventsRecord& record);
    [[nodiscard]] Result<void> put_meta(std::string_view key, std::string_view value);
    template <class Values>
    [[nodiscard]] Result<void> put_all(const char* sql, const Values& values);

    std::string path_;
    std::unique_ptr<sqlite::Database> database_;
    bool names_format_ = false;  // has the row with the number of the values' format
    Epoch epoch_;
    Generation fence_;
};

Error MapStore::Impl::damaged(const std::string& what) const {
    return storage_error(
        path_ + " is damaged (" + what +
        "); it is left as it is; put the newest copy of it in its place, or move it away and make it anew with "
        "`ringkv-registry rebuild` (the nodes serve meanwhile, without joins and fail-over; see \"The registry's data "
        "is lost\" in docs/operations.md)");
}

Error MapStore::Impl::of_a_newer_release(const std::string& what) const {
    return storage_error(path_ + " is " + what +
                         "; use the ringkv-registry of that release or of a later one; "
                         "it is left as it is");
}

Error MapStore::Impl::unreadable(const Error& error) const {
    return error.code() == ErrorCode::version_mismatch ? of_a_newer_release(error.message()) : damaged(error.message());
}

Error MapStore::Impl::explain(const Error& error) const {
    switch (database_->code()) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return storage_error(path_ + " is in use: another registry runs on this data_dir; stop it first");
        case SQLITE_FULL: return storage_error(path_ + ": the disk is full; make room on its file system");
        case SQLITE_NOTADB: return damaged("it is not a database");
        case SQLITE_CORRUPT: return damaged(error.message());
        default: return error;
    }
}

Result<std::unique_ptr<MapStore::Impl>> MapStore::Impl::open(const std::string& data_dir) {
    if (auto made = make_directory(data_dir); !made) return made.error();
    const std::string path = (std::filesystem::path(data_dir) / "registry.db").string();
    auto database = sqlite::Database::open(path);
    if (!database) return database.error();
    std::unique_ptr<Impl> impl(new Impl(path, std::move(*database)));
    if (auto ready = impl->prepare_file(); !ready) return ready.error();
    if (auto synced = sync_directory(data_dir); !synced) return synced.error();
    return impl;
}

Result<void> MapStore::Impl::prepare_file() {
    // Before the file is looked at: a write-ahead log opened without it would be open to others.
    if (auto set = database_->execute(how_to_lock); !set) return explain(set.error());
    // Looked at before anything is written: a file of another program stays as it is.
    const auto application = database_->integer("PRAGMA application_id");
    if (!application) return explain(application.error());
    const auto tables = database_->integer("SELECT count(*) FROM sqlite_master");
    if (!tables) return explain(tables.error());
    const bool fresh = *application == 0 && *tables == 0;
    if (!fresh && *application != application_id)
        return storage_error(path_ + " is not a registry's store; choose another data_dir");
    if (!fresh)
        if (auto checked = check_versions(); !checked) {
            database_->leave_as_it_is();
            return checked;
        }
    if (auto set = database_->execute(how_to_store); !set) return explain(set.error());
    if (fresh) {
        if (auto made = database_->execute(schema); !made) return explain(made.error());
    } else {
        const auto checked = database_->text("PRAGMA quick_check(1)");
        if (!checked) return explain(checked.error());
        if (*checked != "ok") return damaged(*checked);
    }
    if (auto made = database_->execute(schema_of_events); !made) return explain(made.error());
    return {};
}

// Whether this program can read it at all. Writes nothing.
Result<void> MapStore::Impl::check_versions() {
    const auto version = database_->integer("PRAGMA user_version");
    if (!version) return explain(version.error());
    if (*version > schema_version)
        return of_a_newer_release("written by a newer release: version " + std::to_string(*version) + " of the store");
    if (*version != schema_version) return damaged("it has no version");
    std::uint64_t format = 1;
    auto read = each("SELECT key, value, hash FROM meta WHERE key = 'format'",
                     [&](auto&, std::string_view value) -> Result<void> {
                         format = std::strtoull(std::string(value).c_str(), nullptr, 10);
                         names_format_ = true;
                         return {};
                     });
    if (!read) return read;
    if (format > value_format)
        return of_a_newer_release("written by a newer release: values of format " + std::to_string(format));
    return {};
}

template <class Give>
Result<void> MapStore::Impl::each(const char* sql, const Give& give) {
    auto rows = database_->prepare(sql);
    if (!rows) return explain(rows.error());
    while (true) {
        const auto row = rows->step();
        if (!row) return explain(row.error());
        if (!*row) return {};
        if (rows->integer(2) != hash(rows->bytes(1))) return damaged("a value does not match its checksum");
        if (auto given = give(*rows, rows->bytes(1)); !given) return unreadable(given.error());
    }
}

Result<void> MapStore::Impl::read_meta(ClusterMap& map) {
    std::map<std::string, std::string> meta;
    auto read = each("SELECT key, value, hash FROM meta", [&](auto& row, std::string_view value) -> Result<void> {
        meta.emplace(row.bytes(0), value);
        return {};
    });
    if (!read || meta.empty()) return read;
    fence_ = Generation(std::strtoull(meta["fence"].c_str(), nullptr, 10));
    if (!meta.contains("settings")) return {};  // of a rebuild that did not end
    const auto settings = decode_settings(meta["settings"]);
    if (!settings) return unreadable(settings.error());
    map.settings = *settings;
    map.generation = Generation(std::strtoull(meta["generation"].c_str(), nullptr, 10));
    map.epoch = Epoch(std::strtoull(meta["epoch"].c_str(), nullptr, 10));
    if (map.generation.none() || map.epoch.none()) return damaged("it has no epoch");
    return {};
}

Result<ClusterMap> MapStore::Impl::load() {
    ClusterMap map;
    if (auto read = read_meta(map); !read) return read.error();
    auto read =
        each("SELECT id, value, hash FROM nodes ORDER BY id", [&](auto& row, std::string_view value) -> Result<void> {
            auto node = decode_node(value);
            if (!node) return node.error();
            if (node->id.value() != row.integer(0)) return storage_error("a node is under another one's id");
            map.nodes[node->id] = std::move(*node);
            return {};
        });
    if (!read) return read.error();
    read = each("SELECT id, value, hash FROM partitions ORDER BY id",
                [&](auto& row, std::string_view value) -> Result<void> {
                    auto partition = decode_partition(value);
                    if (!partition) return partition.error();
                    if (row.integer(0) != static_cast<std::int64_t>(map.partitions.size()))
                        return storage_error("a partition is missing");
                    map.partitions.push_back(std::move(*partition));
                    return {};
                });
    if (!read) return read.error();
    if (map.partitions.size() != (map.epoch.none() ? 0 : map.settings.partitions))
        return damaged("partitions are missing");
    epoch_ = map.epoch;
    return map;
}

Result<std::vector<Event>> MapStore::Impl::load_events() {
    std::vector<Event> events;
    auto read =
        each("SELECT id, value, hash FROM events ORDER BY id", [&](auto& row, std::string_view value) -> Result<void> {
            auto event = decode_event(value);
            if (!event) return event.error();
            const auto id = static_cast<std::uint64_t>(row.integer(0));
            if (event->id.value() != id || (!events.empty() && events.back().id.next() != event->id))
                return storage_error("an event is missing, or is under another one's id");
            events.push_back(std::move(*event));
            return {};
        });
    if (!read) return read.error();
    return events;
}

Result<void> MapStore::Impl::put_meta(std::string_view key, std::string_view value) {
    auto put = database_->prepare("INSERT OR REPLACE INTO meta VALUES (CAST(?1 AS TEXT), ?2, ?3)");
    if (!put) return put.error();
    return put->bind(1, key).bind(2, value).bind(3, hash(value)).run();
}

// `values`: pairs of id and encoded value.
template <class Values>
Result<void> MapStore::Impl::put_all(const char* sql, const Values& values) {
    auto put = database_->prepare(sql);
    if (!put) return put.error();
    for (const auto& [id, value] : values)
        if (auto done = put->bind(1, static_cast<std::int64_t>(id)).bind(2, value).bind(3, hash(value)).run(); !done)
            return done;
    return {};
}

Result<void> MapStore::Impl::write(const MapDelta& delta) {
    if (!names_format_)
        if (auto put = put_meta("format", std::to_string(value_format)); !put) return put;
    if (delta.settings)
        if (auto put = put_meta("settings", encode_value(*delta.settings)); !put) return put;
    if (auto put = put_meta("generation", std::to_string(delta.generation.value())); !put) return put;
    if (auto put = put_meta("epoch", std::to_string(delta.epoch.value())); !put) return put;

    std::map<std::uint32_t, std::string> nodes;
    for (const NodeInfo& node : delta.nodes) nodes[node.id.value()] = encode_value(node);
    if (auto put = put_all("INSERT OR REPLACE INTO nodes VALUES (?1, ?2, ?3)", nodes); !put) return put;
    std::map<std::uint32_t, std::string> partitions;
    for (const PartitionChange& change : delta.partitions)
        partitions[change.partition.value()] = encode_value(change.state);
    if (auto put = put_all("INSERT OR REPLACE INTO partitions VALUES (?1, ?2, ?3)", partitions); !put) return put;

    auto forget = database_->prepare("DELETE FROM nodes WHERE id = ?1");
    if (!forget) return forget.error();
    for (NodeId id : delta.forgotten)
        if (auto done = forget->bind(1, std::int64_t{id.value()}).run(); !done) return done;
    return {};
}

Result<void> MapStore::Impl::write(const EventsRecord& record) {
    std::map<std::uint64_t, std::string> events;
    for (const Event& event : record.events) events[event.id.value()] = encode_value(event);
    if (events.empty()) return {};
    if (auto put = put_all("INSERT OR REPLACE INTO events VALUES (?1, ?2, ?3)", events); !put) return put;
    auto forget = database_->prepare("DELETE FROM events WHERE id <= ?1");
    if (!forget) return forget.error();
    const auto newest = static_cast<std::int64_t>(events.rbegin()->first);
    return forget->bind(1, newest - static_cast<std::int64_t>(registry::EventLog::most_kept)).run();
}

// One transaction. Where there was no room for it, nothing of it is left, and it may be tried again; after any other
// error what is stored and what is not may be unknown (D3, docs/decisions/0021).
Result<void> MapStore::Impl::commit(const StorageBatch& batch) {
    Epoch epoch = epoch_;
    auto done = database_->execute("BEGIN IMMEDIATE");
    if (done) done = write(batch, epoch);
    if (done) done = database_->execute("COMMIT");
    if (done) {
        names_format_ = names_format_ || epoch != epoch_;
        epoch_ = epoch;
        return done;
    }
    // SQLite may have rolled it back by itself.
    if (database_->in_transaction())
        if (auto undone = database_->execute("ROLLBACK"); !undone) return storage_error(undone.error().message());
    if (done.error().code() != ErrorCode::unavailable) return done;
    return Error(ErrorCode::unavailable,
                 path_ +
                     ": the disk is full: until there is room no node joins, no view changes and nothing is "
                     "administered; make room on its file system, and the registry goes on by itself");
}

// `epoch`: of what is there before, and after.
Result<void> MapStore::Impl::write(const StorageBatch& batch, Epoch& epoch) {
    for (const StorageRecord& record : batch) {
        if (const auto* events = std::get_if<EventsRecord>(&record)) {
            if (auto written = write(*events); !written) return written;
            continue;
        }
        if (const auto* fence = std::get_if<FenceRecord>(&record)) {
            if (auto written = put_meta("fence", std::to_string(fence->fence.generation.value())); !written)
                return written;
            continue;
        }
        const auto* delta = std::get_if<MapDelta>(&record);
        if (delta == nullptr)
            return storage_error(path_ + ": the registry stores only changes of the map, events and fences");
        // The first one of all may be of any epoch: a state that was rebuilt goes on where the lost one ended.
        if (!epoch.none() && delta->epoch != epoch.next())
            return storage_error(path_ + ": epoch " + std::to_string(delta->epoch.value()) + " does not follow on " +
                                 std::to_string(epoch.value()));
        if (auto written = write(*delta); !written) return written;
        epoch = delta->epoch;
    }
    return {};
}

MapStore::MapStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MapStore::~MapStore() = default;

Result<std::unique_ptr<MapStore>> MapStore::open(const std::string& data_dir) {
    auto impl = Impl::open(data_dir);
    if (!impl) return impl.error();
    std::unique_ptr<MapStore> store(new MapStore(std::move(*impl)));
    // What is damaged is refused here, and epochs go on from what is there.
    if (auto map = store->load(); !map) return map.error();
    if (auto events = store->load_events(); !events) return events.error();
    return store;
}

Result<ClusterMap> MapStore::load() {
    return impl_->load();
}

Generation MapStore::fence() const {
    return impl_->fence();
}

Result<std::vector<Event>> MapStore::load_events() {
    return impl_->load_events();
}

Result<void> MapStore::commit(BatchNumber number, StorageBatch&& batch) {
    auto done = impl_->commit(batch);
    if (done) durable_ = number;
    return done;
}

}  // namespace ringkv
