#include "tests/unit/kvctl/fake_client.hpp"

#include <mutex>

#include "kvctl/bench/workers.hpp"

namespace ringkv {
namespace fake {

std::map<std::string, Stored>& store() {
    static std::map<std::string, Stored> entries;
    return entries;
}

Options& last_options() {
    static Options options;
    return options;
}

WriteOptions& last_write_options() {
    static WriteOptions options;
    return options;
}

ReadOptions& last_read_options() {
    static ReadOptions options;
    return options;
}

std::string& spoiled_key() {
    static std::string key;
    return key;
}

std::string& unscanned_key() {
    static std::string key;
    return key;
}

int& connected() {
    static int count = 0;
    return count;
}

ClusterStatus& cluster_status() {
    static ClusterStatus status;
    return status;
}

}  // namespace fake

class Client::Impl {
  public:
    static std::optional<Error> refusal(std::string_view key) {
        if (key.empty() || key.size() > 4096) return Error(ErrorCode::invalid_argument, "a key has 1 to 4096 bytes");
        return std::nullopt;
    }
    static std::optional<Error> trouble(std::string_view key) {
        if (key.rfind("unavailable", 0) == 0) return Error(ErrorCode::unavailable, "no node serves it");
        if (key.rfind("unknown", 0) == 0) return Error(ErrorCode::outcome_unknown, "the deadline passed");
        return refusal(key);
    }

    Result<Version> put(std::string_view key, std::optional<Version> expected, std::string_view value) {
        if (auto error = trouble(key)) return *error;
        const std::lock_guard lock(store_mutex());
        fake::Stored& entry = fake::store()[std::string(key)];
        if (expected && *expected != entry.version) {
            const Version version = entry.version;
            if (version == 0) fake::store().erase(std::string(key));
            return Error(ErrorCode::condition_failed, "the version is " + std::to_string(version));
        }
        entry = {std::string(value), ++version_};
        return entry.version;
    }
    Result<std::optional<VersionedValue>> get(std::string_view key) {
        tell_slow(key);
        if (auto error = trouble(key)) return *error;
        const std::lock_guard lock(store_mutex());
        const auto found = fake::store().find(std::string(key));
        if (found == fake::store().end()) return std::optional<VersionedValue>();
        const bool spoiled = key == fake::spoiled_key();
        return std::optional(VersionedValue{found->second.value + (spoiled ? "x" : ""), found->second.version});
    }
    Result<StaleValue> read(std::string_view key, const ReadOptions& options) {
        auto found = get(key);
        if (!found) return found.error();
        fake::last_read_options() = options;
        return StaleValue{std::move(*found), age_of(options)};
    }
    static void tell_slow(std::string_view key) {
        const Options& options = fake::last_options();
        if (key.rfind("slow-", 0) != 0 || !options.on_slow_call) return;
        const std::chrono::milliseconds took(std::stoi(std::string(key.substr(5))));
        if (took < options.slow_call) return;
        options.on_slow_call({"get", std::string(key), took, std::chrono::milliseconds(7), 2, "00000000000000aa",
                              "00000000000000bb", 0, "tcp://10.0.0.1:7411", "busy"});
    }
    static std::chrono::milliseconds age_of(const ReadOptions& options) {
        return options.read == ReadConsistency::stale ? fake::age : std::chrono::milliseconds(0);
    }
    // As a node does: the primary alone names no version.
    static Result<Version> told(const WriteOptions& options, const Result<Version>& version) {
        const std::lock_guard lock(store_mutex());
        fake::last_write_options() = options;
        return version && options.ack == WriteAck::primary ? Result<Version>(0) : version;
    }
    static std::map<std::string, fake::Stored> entries() {
        const std::lock_guard lock(store_mutex());
        return fake::store();
    }
    Result<std::optional<Version>> erase(std::string_view key) {
        if (auto error = trouble(key)) return *error;
        const std::lock_guard lock(store_mutex());
        if (fake::store().erase(std::string(key)) == 0) return std::optional<Version>();
        return std::optional(++version_);
    }
    void later(std::function<void()> task) { worker_.run(std::move(task)); }

  private:
    static std::mutex& store_mutex() {
        static std::mutex mutex;
        return mutex;
    }

    inline static Version version_ = 0;  // guarded by store_mutex()
    kvctl::Workers worker_{1};
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(Options options) {
    fake::last_options() = options;
    if (options.registries.front() == "tcp://127.0.0.1:1") {
        return Error(ErrorCode::unavailable, "no answer from tcp://127.0.0.1:1");
    }
    ++fake::connected();
    return Client(std::make_unique<Impl>());
}

Result<Version> Client::put(std::string_view key, std::string_view value) {
    return impl_->put(key, std::nullopt, value);
}
Result<Version> Client::put(std::string_view key, std::string_view value, const WriteOptions& options) {
    return Impl::told(options, impl_->put(key, std::nullopt, value));
}
Result<std::optional<VersionedValue>> Client::get(std::string_view key) {
    return impl_->get(key);
}
Result<StaleValue> Client::read(std::string_view key, const ReadOptions& options) {
    return impl_->read(key, options);
}
Result<std::optional<Version>> Client::erase(std::string_view key) {
    return impl_->erase(key);
}
Result<std::optional<Version>> Client::erase(std::string_view key, const WriteOptions& options) {
    auto version = impl_->erase(key);
    fake::last_write_options() = options;
    if (version && *version && options.ack == WriteAck::primary) *version = 0;
    return version;
}
Result<Version> Client::compare_and_set(std::string_view key, Version expected, std::string_view value) {
    return impl_->put(key, expected, value);
}
Result<Version> Client::compare_and_erase(std::string_view key, Version expected) {
    const auto now = impl_->get(key);
    if (!now) return now.error();
    if (!*now || (*now)->version != expected) return Error(ErrorCode::condition_failed, "another version");
    return *impl_->erase(key).value();
}

std::vector<Result<std::optional<VersionedValue>>> Client::get_many(const std::vector<std::string>& keys) {
    std::vector<Result<std::optional<VersionedValue>>> results;
    results.reserve(keys.size());
    for (const std::string& key : keys) results.push_back(get(key));
    return results;
}
std::vector<Result<StaleValue>> Client::read_many(const std::vector<std::string>& keys, const ReadOptions& options) {
    std::vector<Result<StaleValue>> results;
    results.reserve(keys.size());
    for (const std::string& key : keys) results.push_back(read(key, options));
    return results;
}
std::vector<Result<Version>> Client::put_many(const std::vector<std::pair<std::string, std::string>>& entries) {
    return put_many(entries, {});
}
std::vector<Result<Version>> Client::put_many(const std::vector<std::pair<std::string, std::string>>& entries,
                                              const WriteOptions& options) {
    std::vector<Result<Version>> results;
    results.reserve(entries.size());
    for (const auto& [key, value] : entries) results.push_back(put(key, value, options));
    return results;
}

Result<std::size_t> Client::scan(std::string_view prefix, const ScanOptions& options,
                                 const std::function<bool(const KeyValue&)>& each) {
    std::size_t count = 0;
    for (const auto& [key, entry] : Impl::entries()) {
        if (key.rfind(prefix, 0) != 0 || key == fake::unscanned_key()) continue;
        if (options.limit != 0 && count == options.limit) break;
        ++count;
        const std::string value = entry.value + (key == fake::spoiled_key() ? "x" : "");
        const auto age = Impl::age_of(options.read.value_or(ReadOptions{}));
        if (!each({key, options.keys_only ? "" : value, entry.version, age})) break;
    }
    return count;
}

void Client::async_put(std::string_view key, std::string_view value, std::function<void(Result<Version>)> done) {
    async_put(key, value, {}, std::move(done));
}
void Client::async_put(std::string_view key, std::string_view value, const WriteOptions& options,
                       std::function<void(Result<Version>)> done) {
    if (auto error = Impl::refusal(key)) return done(*error);
    impl_->later([this, key = std::string(key), value = std::string(value), options, done = std::move(done)] {
        done(Impl::told(options, impl_->put(key, std::nullopt, value)));
    });
}
void Client::async_read(std::string_view key, const ReadOptions& options,
                        std::function<void(Result<StaleValue>)> done) {
    if (auto error = Impl::refusal(key)) return done(*error);
    impl_->later([this, key = std::string(key), options, done = std::move(done)] { done(impl_->read(key, options)); });
}
void Client::async_get(std::string_view key, std::function<void(Result<std::optional<VersionedValue>>)> done) {
    if (auto error = Impl::refusal(key)) return done(*error);
    impl_->later([this, key = std::string(key), done = std::move(done)] { done(impl_->get(key)); });
}
void Client::async_compare_and_set(std::string_view key, Version expected, std::string_view value,
                                   std::function<void(Result<Version>)> done) {
    if (auto error = Impl::refusal(key)) return done(*error);
    impl_->later([this, key = std::string(key), expected, value = std::string(value), done = std::move(done)] {
        done(impl_->put(key, expected, value));
    });
}

Result<ClusterStatus> Client::status() {
    return fake::cluster_status();
}
PartitionStatus Client::locate(std::string_view /*key*/) const {
    return fake::cluster_status().partitions.front();
}

}  // namespace ringkv
