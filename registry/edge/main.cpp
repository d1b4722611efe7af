// ringkv-registry: reads its configuration, opens its store and its sockets, and runs the actor until a signal.
#include <iostream>

#include "common/edge/configuration/config.hpp"
#include "common/edge/program/server_program.hpp"
#include "common/edge/program/stop_signals.hpp"
#include "registry/edge/rebuild.hpp"
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

}  // namespace

int main(int argc, char** argv) {
    ServerProgram program("ringkv-registry", "The registry of a RingKV cluster: membership, placement and views",
                          "configs/registry.yaml");
    CLI::App* const rebuild =
        program.app().add_subcommand("rebuild", "make the registry's state anew from what the nodes know");
    std::vector<std::string> without;
    bool accept_data_loss = false;
    CLI::Option* const accept =
        rebuild->add_flag("--accept-data-loss", accept_data_loss,
                          "what the nodes of --without alone have is lost, and so are partitions that no node has");
    rebuild
        ->add_option("--without", without,
                     "the name of a node that is stopped for good: it is not waited for; any number of times")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all()
        ->needs(accept);
    return program.run<RegistryConfig>(
        argc, argv, load_registry_config, [](const RegistryConfig& config) { return config.settings.cluster; },
        [rebuild, &without, &accept_data_loss](const RegistryConfig& config) -> Result<void> {
            if (rebuild->parsed()) return rebuild_registry(config, without, accept_data_loss);
            return serve(config);
        });
}
