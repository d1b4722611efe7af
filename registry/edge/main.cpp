// ringkv-registry: reads its configuration, opens its store and its sockets, and runs the actor until a signal.
//
// Exit codes: 0 stopped by SIGTERM or SIGINT; 2 usage or configuration; 6 refused for safety; 7 anything else.
#include <pthread.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <thread>

#include "common/edge/configuration/config.hpp"
#include "common/edge/running/event_loop.hpp"
#include "common/edge/running/storage_thread.hpp"
#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"
#include "common/placement/placement.hpp"
#include "registry/edge/store.hpp"
#include "registry/registry_actor.hpp"
#include "ringkv/version.hpp"

namespace {

using namespace ringkv;

constexpr int stopped = 0;
constexpr int wrong_usage = 2;
constexpr int refused_for_safety = 6;
constexpr int failed = 7;

struct CommandLine {
    std::string config;
    std::vector<std::string> overrides;
    bool check_only = false;
    bool rebuild = false;
};

int exit_code(const Error& error) {
    return error.code() == ErrorCode::configuration ? wrong_usage : failed;
}

int report(const Error& error) {
    std::cerr << "ringkv-registry: " << error.message() << std::endl;
    return exit_code(error);
}

// SIGTERM and SIGINT, blocked from now on; before any other thread is made, so that none takes them.
sigset_t block_stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

// Those signals stop the loop.
class StopOnSignal {
  public:
    StopOnSignal(const sigset_t& signals, EventLoop& loop)
        : waiter_([signals, &loop] {
              int signal = 0;
              sigwait(&signals, &signal);
              loop.stop();
          }) {}
    ~StopOnSignal() {
        pthread_kill(waiter_.native_handle(), SIGTERM);  // when the loop has ended by itself, it waits still
        waiter_.join();
    }
    StopOnSignal(const StopOnSignal&) = delete;
    StopOnSignal& operator=(const StopOnSignal&) = delete;

  private:
    std::thread waiter_;
};

Result<void> serve(const RegistryConfig& config) {
    const sigset_t signals = block_stop_signals();
    auto store = MapStore::open(config.data_dir);
    if (!store) return store.error();
    auto recovered = (*store)->load();
    if (!recovered) return recovered.error();
    if (recovered->formed())
        if (auto agreed = registry::check_settings(recovered->settings, config.settings); !agreed) return agreed;

    RegistryOptions options;
    options.settings = config.settings;
    options.form_with = config.form_with;
    const RingPlacement placement(config.settings.vnodes);
    const bool formed = recovered->formed();
    RegistryActor actor(options, placement, std::move(*recovered), random_uuid());

    TransportOptions sockets;
    sockets.listen = config.listen;
    sockets.publish = config.settings.publish;
    auto transport = Transport::open(sockets);
    if (!transport) return transport.error();

    StorageThread storage(**store, [&transport = **transport] { transport.wake(); });
    EventLoop loop(actor, storage, **transport);
    const StopOnSignal stop(signals, loop);
    if (formed)
        log(LogLevel::info, "the cluster's map is recovered",
            {{"epoch", std::to_string(actor.map().epoch.value())},
             {"nodes", std::to_string(actor.map().nodes.size())}});
    std::cout << "ringkv-registry ready: listening on " << config.listen << ", publishing on "
              << config.settings.publish << std::endl;
    return loop.run();
}

int run(const CommandLine& line) {
    const auto config = load_registry_config(line.config, line.overrides);
    if (!config) return report(config.error());
    if (line.check_only) {
        for (const std::string& notice : config->notices) std::cerr << "warning: " << notice << '\n';
        std::cout << line.config << ": ok" << std::endl;
        return stopped;
    }
    if (line.rebuild) {
        std::cerr << "ringkv-registry: rebuild is not built yet: it belongs to a later version. Nothing was changed; "
                     "restore the "
                     "registry's data_dir ("
                  << config->data_dir << ") from its newest copy" << std::endl;
        return refused_for_safety;
    }
    start_logging("ringkv-registry", config->settings.cluster);
    for (const std::string& notice : config->notices) log(LogLevel::warning, notice);
    if (auto served = serve(*config); !served) {
        log(LogLevel::error, served.error().message());
        return exit_code(served.error());
    }
    log(LogLevel::info, "stopped");
    return stopped;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("The registry of a RingKV cluster: membership, placement and views.", "ringkv-registry");
    CommandLine line;
    app.add_option("--config", line.config, "The configuration, as configs/registry.yaml")->required();
    app.add_option("--set", line.overrides, "key=value: takes precedence over the file; may be repeated")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    app.add_flag("--check-config", line.check_only, "Validate the configuration and exit");
    app.set_version_flag("--version", "ringkv-registry " + std::string(version()));
    app.fallthrough();
    app.add_subcommand("rebuild", "Make the registry's state anew from what the nodes know")->callback([&] {
        line.rebuild = true;
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? stopped : wrong_usage;
    }
    return run(line);
}
