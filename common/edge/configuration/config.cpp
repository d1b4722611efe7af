#include "common/edge/configuration/config.hpp"

#include "common/edge/configuration/config_reader.hpp"
#include "common/partitioning.hpp"
#include "common/published_endpoint.hpp"

namespace ringkv {
namespace {

using config::defaulted;
using config::Field;
using config::HostPort;
using config::Places;
using config::required;
using config::section;
using std::chrono::milliseconds;

constexpr std::uint64_t kibibyte = std::uint64_t{1} << 10U;
constexpr std::uint64_t least_sessions = std::uint64_t{1} << 20U;
constexpr std::uint64_t least_segment = std::uint64_t{64} << 10U;
constexpr std::uint64_t least_log = std::uint64_t{1} << 20U;
constexpr std::uint64_t least_cache = std::uint64_t{8} << 20U;
constexpr std::uint64_t largest_value = std::uint64_t{8} << 20U;  // half of what one frame may have (CodecLimits)
constexpr std::uint64_t any_size = std::uint64_t{1} << 62U;

// Any process that reaches a port may do everything: that must have been meant.
Result<void> check_exposure(const Places& places, const std::string& key, const Result<HostPort>& address,
                            bool insecure) {
    if (insecure || !address || address->loopback()) return {};
    return places.wrong(key, "'" + address->host +
                                 "' can be reached from other machines, and there is no encryption: listen on "
                                 "127.0.0.1, or set `insecure: true`");
}

// Shard s, or the registry's PUB socket, has a port above that of the endpoint.
Result<void> check_ports(const Places& places, const std::string& key, const std::string& endpoint,
                         std::uint32_t above) {
    const Result<HostPort> address = config::parse_endpoint(endpoint);
    if (!address || address->port + above <= 65535) return {};
    return places.wrong(
        key, "'" + endpoint + "' leaves no room for " + std::to_string(above) + " more ports (the largest is 65535)");
}

// What others are told must be the address of one machine. `key` is where the endpoint comes from, and
// `remedy` the key to set.
Result<void> check_announced(const Places& places, const std::string& key, const std::string& remedy,
                             const std::string& endpoint) {
    if (!has_wildcard_host(endpoint)) return {};
    return places.wrong(key, "'" + endpoint + "' is no address that others could be told; set `" + remedy +
                                 "` to one at which they reach this machine");
}

// The first of some checks that fails.
Result<void> first_error(std::initializer_list<Result<void>> checks) {
    for (const Result<void>& check : checks)
        if (!check) return check;
    return {};
}

std::string with_port_after(const std::string& endpoint) {
    const std::size_t colon = endpoint.rfind(':');
    const Result<HostPort> address = config::parse_endpoint(endpoint);
    return address ? endpoint.substr(0, colon + 1) + std::to_string(address->port + 1) : endpoint;
}

Result<void> check_http(const Places& places, const std::optional<std::string>& http, bool insecure) {
    return http ? check_exposure(places, "http", config::parse_host_port(*http), insecure) : Result<void>();
}

const config::Words<ReadMode> read_modes = {{"lease", ReadMode::lease}, {"confirmed", ReadMode::confirmed}};
const config::Words<EngineKind> engines = {{"memory", EngineKind::memory}, {"rocksdb", EngineKind::rocksdb}};
const config::Words<Durability> durabilities = {
    {"fsync", Durability::fsync}, {"os", Durability::os}, {"memory", Durability::memory}};

std::vector<Field> registry_fields(RegistryConfig& out) {
    ClusterSettings& settings = out.settings;
    return {
        required("cluster", config::name(settings.cluster)),
        required("listen", config::endpoint(out.listen)),
        defaulted("publish", config::endpoint(settings.publish)),
        defaulted("http", config::host_port(out.http)),
        required("data_dir", config::text(out.data_dir)),
        defaulted("partitions", config::integer(settings.partitions, 1, max_partitions)),
        defaulted("replication", config::integer(settings.replication, 1, 16)),
        defaulted("form_with", config::integer(out.form_with, 1, 10000)),
        defaulted("vnodes", config::integer(settings.vnodes, 1, 4096)),
        defaulted("repair_after", config::duration(settings.pace.repair_after, milliseconds(0))),
        section("lease",
                {
                    defaulted("beacon", config::duration(settings.lease.beacon, milliseconds(1))),
                    defaulted("duration", config::duration(settings.lease.duration, milliseconds(1))),
                    defaulted("grace", config::duration(settings.lease.grace, milliseconds(1))),
                }),
        defaulted("reads", config::choice(settings.reads, read_modes)),
        defaulted("session_expiry", config::duration(settings.session_expiry, milliseconds(1000))),
        section("rebalance",
                {
                    defaulted("max_bytes_per_second",
                              config::size(settings.pace.max_bytes_per_second, Pace::least_bytes_per_second, any_size)),
                    defaulted("max_moves_per_node",
                              config::integer(settings.pace.max_moves_per_node, 1, Pace::most_moves_per_node)),
                    defaulted("max_moves_per_second",
                              config::integer(settings.pace.max_moves_per_second, 1, Pace::most_moves_per_second)),
                }),
        defaulted("insecure", config::boolean(out.insecure)),
    };
}

// Of the three keys the one that was said last: an override, if there is one.
std::string lease_place(const Places& places) {
    for (const char* key : {"lease.beacon", "lease.duration", "lease.grace"})
        if (places.of(key).starts_with("--set ")) return places.of(key);
    return places.of("lease");
}

Result<void> check(const Places& places, RegistryConfig& out) {
    ClusterSettings& settings = out.settings;
    if (!valid_partition_count(settings.partitions))
        return places.wrong("partitions", std::to_string(settings.partitions) + " is not a power of two");
    if (!places.has("form_with")) out.form_with = settings.replication;
    if (const Result<void> lease = settings.lease.validate(); !lease)
        return Error(ErrorCode::configuration, lease_place(places) + ": " + lease.error().message());
    const std::string publish_from = places.has("publish") ? "publish" : "listen";
    if (publish_from == "listen") {
        if (Result<void> done = check_ports(places, "listen", out.listen, 1); !done) return done;
        settings.publish = with_port_after(out.listen);
    }
    if (settings.publish == out.listen) return places.wrong("publish", "must differ from `listen`");
    return first_error({
        check_exposure(places, "listen", config::parse_endpoint(out.listen), out.insecure),
        check_exposure(places, "publish", config::parse_endpoint(settings.publish), out.insecure),
        check_http(places, out.http, out.insecure),
        check_announced(places, publish_from, "publish", settings.publish),
    });
}

std::vector<Field> node_fields(NodeConfig& out) {
    return {
        required("name", config::name(out.name)),
        required("rack", config::name(out.rack)),
        defaulted("weight", config::positive_number(out.weight)),
        required("registry", config::endpoints(out.registries)),
        required("listen", config::endpoint(out.listen)),
        defaulted("advertise", config::endpoint(out.advertise)),
        defaulted("http", config::host_port(out.http)),
        defaulted("shards", config::integer(out.shards, 1, 64)),
        required("data_dir", config::text(out.data_dir)),
        defaulted("engine", config::choice(out.engine, engines)),
        defaulted("durability", config::choice(out.durability, durabilities)),
        defaulted("disk_stall", config::duration(out.disk_stall, milliseconds(100))),
        defaulted("slow_request", config::duration(out.slow_request, milliseconds(0))),
        section("log",
                {
                    defaulted("segment", config::size(out.log.segment, least_segment, any_size)),
                    defaulted("checkpoint", config::size(out.log.checkpoint, least_segment, any_size)),
                }),
        section("limits",
                {
                    defaulted("key", config::size(out.limits.key, 1, 64 * kibibyte)),
                    defaulted("value", config::size(out.limits.value, 1, largest_value)),
                    defaulted("inflight", config::integer(out.limits.inflight, 1, 1U << 24U)),
                    defaulted("memory", config::size(out.limits.memory, 0, any_size)),
                    defaulted("sessions", config::size(out.limits.sessions, least_sessions, any_size)),
                    defaulted("log", config::size(out.limits.log, least_log, any_size)),
                    defaulted("cache", config::size(out.limits.cache, least_cache, any_size)),
                }),
        defaulted("insecure", config::boolean(out.insecure)),
    };
}

Result<void> check(const Places& places, NodeConfig& out) {
    const bool on_disk = out.engine == EngineKind::rocksdb;
    if (on_disk && out.durability == Durability::memory)
        return places.wrong("engine",
                            "rocksdb needs a log on disk; set `durability: fsync` or `os`, or `engine: memory`");
    const std::uint64_t parts = out.limits.log + (on_disk ? out.limits.cache : 0);
    if (out.limits.memory != 0 && out.limits.memory < 2 * parts)
        return places.wrong("limits.memory", "must be at least twice limits.log" +
                                                 std::string(on_disk ? " and limits.cache together" : "") + " (" +
                                                 std::to_string(parts) +
                                                 " bytes), which is a part of it; 0 is no limit");
    const std::string advertise_from = places.has("advertise") ? "advertise" : "listen";
    if (advertise_from == "listen") out.advertise = out.listen;
    return first_error({
        check_ports(places, "listen", out.listen, out.shards - 1),
        check_ports(places, advertise_from, out.advertise, out.shards - 1),
        check_exposure(places, "listen", config::parse_endpoint(out.listen), out.insecure),
        check_http(places, out.http, out.insecure),
        check_announced(places, advertise_from, "advertise", out.advertise),
    });
}

template <class Config>
Result<Config> load(const std::string& path, const std::vector<std::string>& overrides,
                    std::vector<Field> (*fields)(Config&)) {
    Config out;
    const Result<Places> places = config::read(path, overrides, fields(out));
    if (!places) return places.error();
    if (const Result<void> done = check(*places, out); !done) return done.error();
    return out;
}

}  // namespace

Result<RegistryConfig> load_registry_config(const std::string& path, const std::vector<std::string>& overrides) {
    return load<RegistryConfig>(path, overrides, registry_fields);
}

Result<NodeConfig> load_node_config(const std::string& path, const std::vector<std::string>& overrides) {
    return load<NodeConfig>(path, overrides, node_fields);
}

}  // namespace ringkv
