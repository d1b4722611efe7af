// ringkv-registry: reads its configuration, opens its store and its sockets, and runs the actor until a signal.
#include <iostream>

#include "common/edge/configuration/config.hpp"
#include "common/edge/program/server_program.hpp"
#include "common/edge/program/stop_signals.hpp"
#include "registry/edge/registry_server.hpp"

namespace {

using namespace ringkv;

Result<void> serve(const RegistryConfig& config) {
    block_stop_signals();
    const auto server = RegistryServer::open(config);
    if (!server) return server.error();
    const OnStopSignal on_stop([&server] { (*server)->stop(); });
    std::cout << "ringkv-registry ready: listening on " << config.listen << ", publishing on "
              << config.settings.publish << std::endl;
    return (*server)->run();
}

Error no_rebuild(const RegistryConfig& config) {
    return {ErrorCode::refused,
            "rebuild is not built yet: it belongs to a later version. Nothing was changed; restore the registry's "
            "data_dir (" +
                config.data_dir + ") from its newest copy"};
}

}  // namespace

int main(int argc, char** argv) {
    ServerProgram program("ringkv-registry", "The registry of a RingKV cluster: membership, placement and views",
                          "configs/registry.yaml");
    const CLI::App* rebuild =
        program.app().add_subcommand("rebuild", "make the registry's state anew from what the nodes know");
    return program.run<RegistryConfig>(
        argc, argv, load_registry_config, [](const RegistryConfig& config) { return config.settings.cluster; },
        [rebuild](const RegistryConfig& config) -> Result<void> {
            if (rebuild->parsed()) return no_rebuild(config);
            return serve(config);
        });
}
