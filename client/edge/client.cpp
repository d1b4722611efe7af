// The public library: checks options, turns calls into operations and outcomes into results.
#include "ringkv/client.hpp"

#include "client/edge/calls.hpp"
#include "client/edge/many.hpp"
#include "client/edge/runtime.hpp"
#include "client/edge/scan.hpp"
#include "client/edge/spare_calls.hpp"
#include "client/edge/status.hpp"
#include "common/edge/configuration/endpoint.hpp"
#include "common/partitioning.hpp"

namespace ringkv {

namespace {

using calls::aged_value_of;
using calls::removal_of;
using calls::value_of;
using calls::version_of;
using calls::write;
using std::chrono::milliseconds;

Result<void> check(const Options& options) {
    const auto wrong = [](std::string text) { return Error(ErrorCode::configuration, std::move(text)); };
    if (options.registries.empty())
        return wrong("no endpoint was given: name the registry's, or nodes' (\"tcp://host:port\")");
    for (const std::string& endpoint : options.registries)
        if (auto checked = check_endpoint(endpoint); !checked) return checked;
    if (options.deadline <= milliseconds(0) || options.deadline > std::chrono::hours(24 * 365))
        return wrong("the deadline must be longer than 0 ms, and at most a year");
    return {};
}

// `fill` says what is asked, in the operation of an earlier call.
template <class T>
void start(ClientRuntime& runtime, SpareCalls<T>& spare, Result<T> (*answer)(Result<Outcome>&&),
           std::function<void(Result<T>)> done, auto fill) {
    auto call = spare.take(runtime);
    fill(call->what());
    call->prepare(runtime.deadline(), answer, std::move(done));
    runtime.start(call.release());
}

template <class T>
std::future<Result<T>> start(ClientRuntime& runtime, Operation operation, Result<T> (*answer)(Result<Outcome>&&)) {
    std::promise<Result<T>> promise;
    std::future<Result<T>> future = promise.get_future();
    runtime.start(ClientRuntime::new_call(std::move(operation), runtime.deadline(),
                                          [answer, promise = std::move(promise)](Result<Outcome>&& outcome) mutable {
                                              promise.set_value(answer(std::move(outcome)));
                                          }));
    return future;
}

}  // namespace

class Client::Impl {
  public:
    Impl(std::unique_ptr<ClientRuntime> opened, const Options& options)
        : ack(options.ack), reads{options.read, {}}, runtime(std::move(opened)) {}

    // Of calls that do not say.
    WriteAck ack = WriteAck::all;
    ReadOptions reads{};
    SpareCalls<Version> spare_writes;
    SpareCalls<std::optional<Version>> spare_erasures;
    SpareCalls<std::optional<VersionedValue>> spare_reads;
    SpareCalls<StaleValue> spare_aged_reads;
    std::unique_ptr<ClientRuntime> runtime;  // last: its thread uses the others
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(Options options) {  // NOLINT(performance-unnecessary-value-param): declared so in public
    if (auto checked = check(options); !checked) return checked.error();
    auto runtime = ClientRuntime::open(options);
    if (!runtime) return runtime.error();
    if (auto map = (*runtime)->wait_for(FetchMapOperation{}); !map) return map.error();
    return Client(std::make_unique<Impl>(std::move(*runtime), options));
}

Result<Version> Client::put(std::string_view key, std::string_view value) {
    return put(key, value, {impl_->ack});
}

Result<Version> Client::put(std::string_view key, std::string_view value, const WriteOptions& options) {
    return version_of(impl_->runtime->wait_for(write(key, value, std::nullopt, options)));
}

Result<std::optional<VersionedValue>> Client::get(std::string_view key) {
    return value_of(impl_->runtime->wait_for(calls::read(key, impl_->reads)));
}

Result<StaleValue> Client::read(std::string_view key, const ReadOptions& options) {
    return aged_value_of(impl_->runtime->wait_for(calls::read(key, options)));
}

Result<std::optional<Version>> Client::erase(std::string_view key) {
    return erase(key, {impl_->ack});
}

Result<std::optional<Version>> Client::erase(std::string_view key, const WriteOptions& options) {
    return removal_of(impl_->runtime->wait_for(write(key, std::nullopt, std::nullopt, options)));
}

Result<Version> Client::compare_and_set(std::string_view key, Version expected, std::string_view value) {
    return version_of(impl_->runtime->wait_for(write(key, value, expected)));
}

Result<Version> Client::compare_and_erase(std::string_view key, Version expected) {
    return version_of(impl_->runtime->wait_for(write(key, std::nullopt, expected)));
}

std::vector<Result<std::optional<VersionedValue>>> Client::get_many(const std::vector<std::string>& keys) {
    return run_many<std::optional<VersionedValue>>(
        *impl_->runtime, keys.size(), [&](std::size_t i) { return calls::read(keys[i], impl_->reads); }, value_of);
}

std::vector<Result<StaleValue>> Client::read_many(const std::vector<std::string>& keys, const ReadOptions& options) {
    return run_many<StaleValue>(
        *impl_->runtime, keys.size(), [&](std::size_t i) { return calls::read(keys[i], options); }, aged_value_of);
}

std::vector<Result<Version>> Client::put_many(const std::vector<std::pair<std::string, std::string>>& entries) {
    return put_many(entries, {impl_->ack});
}

std::vector<Result<Version>> Client::put_many(const std::vector<std::pair<std::string, std::string>>& entries,
                                              const WriteOptions& options) {
    const auto one = [&](std::size_t i) { return write(entries[i].first, entries[i].second, std::nullopt, options); };
    return run_many<Version>(*impl_->runtime, entries.size(), one, version_of);
}

Result<std::size_t> Client::scan(std::string_view prefix, const ScanOptions& options,
                                 const std::function<bool(const KeyValue&)>& each) {
    return run_scan(*impl_->runtime, prefix, options, calls::stale(options.read.value_or(impl_->reads)), each);
}

Result<std::vector<KeyValue>> Client::scan(std::string_view prefix, const ScanOptions& options) {
    std::vector<KeyValue> found;
    auto scanned = scan(prefix, options, [&](const KeyValue& entry) {
        found.push_back(entry);
        return true;
    });
    if (!scanned) return scanned.error();
    return found;
}

std::future<Result<Version>> Client::async_put(std::string_view key, std::string_view value) {
    return start(*impl_->runtime, write(key, value, std::nullopt, {impl_->ack}), version_of);
}

std::future<Result<std::optional<VersionedValue>>> Client::async_get(std::string_view key) {
    return start(*impl_->runtime, calls::read(key, impl_->reads), value_of);
}

std::future<Result<std::optional<Version>>> Client::async_erase(std::string_view key) {
    return start(*impl_->runtime, write(key, std::nullopt, std::nullopt, {impl_->ack}), removal_of);
}

std::future<Result<Version>> Client::async_compare_and_set(std::string_view key, Version expected,
                                                           std::string_view value) {
    return start(*impl_->runtime, write(key, value, expected), version_of);
}

void Client::async_put(std::string_view key, std::string_view value, std::function<void(Result<Version>)> done) {
    async_put(key, value, {impl_->ack}, std::move(done));
}

void Client::async_put(std::string_view key, std::string_view value, const WriteOptions& options,
                       std::function<void(Result<Version>)> done) {
    start(*impl_->runtime, impl_->spare_writes, version_of, std::move(done),
          [&](Operation& into) { write(into, key, value, std::nullopt, options); });
}

void Client::async_get(std::string_view key, std::function<void(Result<std::optional<VersionedValue>>)> done) {
    start(*impl_->runtime, impl_->spare_reads, value_of, std::move(done),
          [&](Operation& into) { calls::read(into, key, impl_->reads); });
}

void Client::async_read(std::string_view key, const ReadOptions& options,
                        std::function<void(Result<StaleValue>)> done) {
    start(*impl_->runtime, impl_->spare_aged_reads, aged_value_of, std::move(done),
          [&](Operation& into) { calls::read(into, key, options); });
}

void Client::async_erase(std::string_view key, std::function<void(Result<std::optional<Version>>)> done) {
    async_erase(key, {impl_->ack}, std::move(done));
}

void Client::async_erase(std::string_view key, const WriteOptions& options,
                         std::function<void(Result<std::optional<Version>>)> done) {
    start(*impl_->runtime, impl_->spare_erasures, removal_of, std::move(done),
          [&](Operation& into) { write(into, key, std::nullopt, std::nullopt, options); });
}

void Client::async_compare_and_set(std::string_view key, Version expected, std::string_view value,
                                   std::function<void(Result<Version>)> done) {
    start(*impl_->runtime, impl_->spare_writes, version_of, std::move(done),
          [&](Operation& into) { write(into, key, value, expected); });
}

Result<ClusterStatus> Client::status() {
    auto map = impl_->runtime->wait_for(FetchMapOperation{});
    if (!map) return map.error();
    return status_of(*std::get<MapOutcome>(*map));
}

PartitionStatus Client::locate(std::string_view key) const {
    PartitionStatus status;
    impl_->runtime->inspect([&](const RingCache& cache) {
        const PartitionId partition = partition_of(key, cache.partitions());
        status = status_of(cache.map(), partition, cache.view(partition));
    });
    return status;
}

}  // namespace ringkv
