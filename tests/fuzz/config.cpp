// Any text as the configuration file of each program. Lines `--set KEY=VALUE` at its head are overrides.
#include "common/edge/configuration/config.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "common/edge/configuration/endpoint.hpp"
#include "common/edge/transport/transport.hpp"
#include "common/partitioning.hpp"
#include "tests/fuzz/target.hpp"

namespace ringkv::fuzz {
namespace {

constexpr std::string_view option = "--set ";

// A file that is only in memory; the loaders take a path.
class File {
  public:
    File() : descriptor_(memfd_create("fuzz", 0)), path_("/dev/fd/" + std::to_string(descriptor_)) {
        RINGKV_CHECK(descriptor_ >= 0, "no file in memory");
    }
    const std::string& write(std::string_view text) {
        const bool done = ftruncate(descriptor_, 0) == 0 &&
                          pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
        RINGKV_CHECK(done, "cannot write to a file in memory");
        return path_;
    }

  private:
    int descriptor_;
    std::string path_;
};

// What --check-config lets through, the program must be able to open.
void check_endpoints(std::initializer_list<std::string> endpoints) {
    for (const std::string& endpoint : endpoints)
        RINGKV_CHECK(check_endpoint(endpoint), "the configuration takes an endpoint that the transport refuses");
}

void check(const RegistryConfig& config) {
    const ClusterSettings& settings = config.settings;
    RINGKV_CHECK(!settings.cluster.empty() && !config.data_dir.empty(), "a required key is missing");
    RINGKV_CHECK(valid_partition_count(settings.partitions), "not a number of partitions");
    RINGKV_CHECK(settings.lease.validate(), "times of the lease that do not fit");
    RINGKV_CHECK(config.form_with >= 1 && settings.replication >= 1 && settings.vnodes >= 1, "none of something");
    RINGKV_CHECK(settings.publish != config.listen, "one endpoint for two sockets");
    RINGKV_CHECK(config.insecure || (is_loopback(config.listen) && is_loopback(settings.publish)), "exposed");
    check_endpoints({config.listen, settings.publish});
}

void check(const NodeConfig& config) {
    RINGKV_CHECK(!config.name.empty() && !config.rack.empty() && !config.data_dir.empty(), "a required key is missing");
    RINGKV_CHECK(config.weight > 0, "a node that weighs nothing");
    RINGKV_CHECK(config.shards >= 1 && config.shards <= 64, "a number of shards that cannot be");
    RINGKV_CHECK(!config.registries.empty(), "no registry");
    RINGKV_CHECK(config.insecure || is_loopback(config.listen), "exposed");
    check_endpoints({config.listen, config.advertise});
    for (const std::string& registry : config.registries) check_endpoints({registry});
    for (const std::string& first : {config.listen, config.advertise})
        RINGKV_CHECK(endpoint_plus(first, config.shards - 1), "a shard without a port");
}

template <class Config>
void check(const Result<Config>& loaded, const std::string& path) {
    if (loaded) return check(*loaded);
    check_refusal(loaded.error(), {ErrorCode::configuration});
    const std::string& message = loaded.error().message();
    RINGKV_CHECK(message.starts_with(path) || message.starts_with(option), "an error without its place");
}

}  // namespace

void take(std::string_view input) {
    static File file;
    std::vector<std::string> overrides;
    while (input.starts_with(option)) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        overrides.emplace_back(input.substr(option.size(), end - option.size()));
        input.remove_prefix(std::min(end + 1, input.size()));
    }
    const std::string& path = file.write(input);
    check(load_registry_config(path, overrides), path);
    check(load_node_config(path, overrides), path);
}

}  // namespace ringkv::fuzz
