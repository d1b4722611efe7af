#include "node/edge/disk/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "common/check.hpp"
#include "common/edge/system/clock.hpp"
#include "node/edge/disk/posix_files.hpp"

namespace ringkv {
namespace {

namespace fs = std::filesystem;

constexpr const char* identity_name = "identity";
constexpr const char* identity_kind = "ringkv-node";
constexpr const char* lock_name = "lock";
constexpr std::string_view shard_prefix = "shard-";
constexpr std::string_view state_new = "new";  // the logs are not there yet
constexpr std::string_view state_ready = "ready";
constexpr std::string_view state_older = "older";  // not to be used any more

std::string text_of(const Facts& facts, const std::string& name) {
    const auto fact = facts.find(name);
    return fact == facts.end() ? std::string() : fact->second;
}

// -> the descriptor that holds it.
Result<int> lock(const fs::path& path) {
    const std::string file = (path / lock_name).string();
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor < 0) return Error(ErrorCode::storage, file + ": cannot be opened: " + std::strerror(errno));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    const int reason = errno;
    ::close(descriptor);
    if (reason != EWOULDBLOCK) return Error(ErrorCode::storage, file + ": cannot be locked: " + std::strerror(reason));
    return Error(ErrorCode::refused, "data_dir " + path.string() +
                                         " is in use by another process; stop that one, or give this node a "
                                         "directory of its own");
}

Result<void> moved(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) return Error(ErrorCode::storage, from.string() + ": cannot be moved: " + error.message());
    return {};
}

}  // namespace

DataDirectory::DataDirectory(const DataDirectoryOptions& options, std::unique_ptr<DiskFolder> folder, int lock)
    : options_(options), folder_(std::move(folder)), lock_(lock) {}

DataDirectory::~DataDirectory() {
    ::close(lock_);
}

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const DataDirectoryOptions& options) {
    RINGKV_CHECK(options.durability != Durability::memory, "durability memory keeps nothing");
    auto folder = open_folder(options.path);
    if (!folder) return folder.error();
    const auto held = lock(options.path);
    if (!held) return held.error();
    std::unique_ptr<DataDirectory> it(new DataDirectory(options, std::move(*folder), *held));
    if (auto done = remove_unfinished(*it->folder_); !done) return done.error();
    const auto facts = read_facts(*it->folder_, identity_name, identity_kind);
    if (!facts) return it->explain(facts.error());
    if (!*facts && it->has_logs())
        return it->explain(Error(ErrorCode::refused, "the file `identity` is missing, and there are logs"));
    const auto begun = *facts ? it->take_up(**facts) : it->begin_anew();
    if (!begun) return begun.error();
    return it;
}

Error DataDirectory::refused(const std::string& what) const {
    return {ErrorCode::refused, "data_dir " + options_.path.string() + " " + what};
}

Error DataDirectory::explain(const Error& error) const {
    if (error.code() == ErrorCode::unavailable || error.code() == ErrorCode::configuration) return error;
    const std::string path = options_.path.string();
    if (error.code() == ErrorCode::version_mismatch)
        return {error.code(), "data_dir " + path + ": " + error.message() +
                                  "; use the ringkv-node of that release or of a later one; it is left as it is"};
    return {error.code(), "data_dir " + path + " must not be served from: " + error.message() +
                              ". If other nodes have its data: move it away and start this node with an empty one; it "
                              "joins as a new node, and is filled by the others. Else put the newest whole copy of it "
                              "in its place"};
}

// ---------------------------------------------------------------- the identity

Result<void> DataDirectory::take_up(const Facts& facts) {
    const auto storage = uuid_of(facts, "storage");
    const auto start = number_of(facts, "start");
    const auto shards = number_of(facts, "shards");
    const auto id = number_of(facts, "node");
    const auto cluster = uuid_of(facts, "cluster");
    if (!storage || !start || !shards || !id || !cluster)
        return explain(Error(ErrorCode::storage, "the file `identity` lacks a fact"));
    const std::string name = text_of(facts, "name");
    if (name != options_.name)
        return refused("belongs to node " + name + ", and this one is " + options_.name +
                       "; give each its own data_dir, or this node its name back");
    if (*shards != options_.shards)
        return refused("has the logs of " + std::to_string(*shards) + " shards, and the configuration says " +
                       std::to_string(options_.shards) + "; set `shards: " + std::to_string(*shards) +
                       "`, or drain the node and start it with an empty data_dir");
    identity_ = {*storage, StartNumber(*start).next(), NodeId(static_cast<std::uint32_t>(*id)), *cluster};
    if (text_of(facts, "state") == state_older) return explain(Error(ErrorCode::refused, text_of(facts, "why")));
    if (text_of(facts, "state") == state_new) {  // its first start was interrupted: it has never stored anything
        if (auto done = remove_logs(); !done) return done;
        return begin_anew();
    }
    const bool may_lack = text_of(facts, "durability") == to_string(Durability::os) &&
                          text_of(facts, "end") != "clean" && text_of(facts, "boot") != options_.boot;
    return may_lack ? set_aside() : Result<void>();
}

Result<void> DataDirectory::begin_anew() {
    identity_ = {random_uuid(), StartNumber(1), {}, {}};
    fresh_ = true;
    return write(state_new, false);
}

Result<void> DataDirectory::set_aside() {
    const std::string aside = "lost-" + identity_.storage.to_string();
    auto folder = open_folder(options_.path / aside);
    if (!folder) return folder.error();
    for (ShardIndex shard = 0; shard < options_.shards; ++shard)
        if (fs::exists(shard_path(shard)))
            if (auto done = moved(shard_path(shard), options_.path / aside / shard_path(shard).filename()); !done)
                return done;
    if (auto done = folder_->sync(); !done) return done;
    notice_ =
        "the machine was started anew and this node had not been stopped: with durability os it may lack what it "
        "acknowledged last; it begins anew, and is filled by the others; what it had is in " +
        (options_.path / aside).string() + ", and may be removed";
    return begin_anew();
}

Result<void> DataDirectory::remove_logs() {
    for (ShardIndex shard = 0; shard < options_.shards; ++shard) {
        std::error_code error;
        fs::remove_all(shard_path(shard), error);
        if (error) return Error(ErrorCode::storage, shard_path(shard).string() + ": " + error.message());
    }
    return folder_->sync();
}

Result<void> DataDirectory::write(std::string_view state, bool clean, const std::string& why) {
    Facts facts = {{"name", options_.name},
                   {"storage", identity_.storage.to_string()},
                   {"cluster", identity_.cluster.to_string()},
                   {"node", std::to_string(identity_.id.value())},
                   {"start", std::to_string(identity_.start.value())},
                   {"shards", std::to_string(options_.shards)},
                   {"durability", std::string(to_string(options_.durability))},
                   {"boot", options_.boot},
                   {"state", std::string(state)},
                   {"end", clean ? "clean" : "none"}};
    if (!why.empty()) facts["why"] = why;
    return write_facts(*folder_, identity_name, identity_kind, facts);
}

Result<void> DataDirectory::started() {
    const std::lock_guard guard(mutex_);
    return write(state_ready, false);
}

Result<void> DataDirectory::joined(const Uuid& cluster, NodeId id) {
    const std::lock_guard guard(mutex_);
    if (identity_.cluster == cluster && identity_.id == id) return {};
    identity_.cluster = cluster;
    identity_.id = id;
    return write(state_ready, false);
}

Result<void> DataDirectory::must_not_be_used(const std::string& why) {
    const std::lock_guard guard(mutex_);
    return write(state_older, false, why);
}

Result<void> DataDirectory::ended() {
    const std::lock_guard guard(mutex_);
    return write(state_ready, true);
}

// ---------------------------------------------------------------- the logs

fs::path DataDirectory::shard_path(ShardIndex shard) const {
    return options_.path / (std::string(shard_prefix) + std::to_string(shard));
}

bool DataDirectory::has_logs() const {
    std::error_code error;
    for (fs::directory_iterator it(options_.path, error), end; !error && it != end; it.increment(error))
        if (it->path().filename().string().starts_with(shard_prefix)) return true;
    return false;
}

Result<std::unique_ptr<DiskLog>> DataDirectory::open_log(ShardIndex shard) {
    DiskLogOptions options;
    options.owner = {identity_.storage, identity_.cluster, shard, options_.shards};
    options.sync = options_.durability == Durability::fsync;
    options.segment_bytes = options_.segment_bytes;
    options.start = identity_.start;
    if (!fresh_ && !fs::exists(shard_path(shard)))
        return explain(Error(ErrorCode::storage, "the log of shard " + std::to_string(shard) + " is missing"));
    auto folder = open_folder(shard_path(shard));
    if (!folder) return folder.error();
    auto log = fresh_ ? DiskLog::create(std::move(*folder), random_uuid(), options)
                      : DiskLog::open(std::move(*folder), options);
    if (!log) return explain(log.error());
    return log;
}

std::string machine_boot() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string boot;
    std::getline(file, boot);
    return boot;
}

}  // namespace ringkv
