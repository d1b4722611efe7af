// ringkv-registry: reads its configuration, opens its store and its sockets, and runs the actor until a signal.
#include "common/edge/configuration/config.hpp"
#include "common/edge/observing/observed.hpp"
#include "common/edge/observing/pages.hpp"
#include "common/edge/program/server_program.hpp"
#include "common/edge/program/stop_signals.hpp"
#include "common/edge/running/event_loop.hpp"
#include "common/edge/running/storage_thread.hpp"
#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"
#include "common/placement/placement.hpp"
#include "registry/edge/dashboard.hpp"
#include "registry/edge/events_page.hpp"
#include "registry/edge/registry_metrics.hpp"
#include "registry/edge/store.hpp"
#include "registry/registry_actor.hpp"

namespace {

using namespace ringkv;

// A page waits for a registry that does not turn, for so long.
constexpr Duration patience = std::chrono::seconds(1);

// What pages are made of, when they are asked for.
struct Seen {
    Observed<registry::Observation> figures;
    Observed<registry::Overview> overview;
    registry::EventsPage events;
};

Pages pages_of(Seen& seen) {
    Observed<registry::Observation>& observed = seen.figures;
    const auto observe = [&observed] {
        observed.ask();
        const bool turns = observed.wait_until(boot_time() + patience);
        return registry::ObservedRegistry{observed.value(), turns};
    };
    const auto look = [&overview = seen.overview] {
        overview.ask();
        const bool turns = overview.wait_until(boot_time() + patience);
        return registry::ObservedOverview{overview.value(), turns};
    };
    return {[observe] { return registry::metrics(observe()); }, [observe] { return registry::not_alive(observe()); },
            [observe] { return registry::not_ready(observe()); },
            [dashboard = std::make_shared<registry::Dashboard>(look),
             &events = seen.events](const HttpRequest& request) -> std::optional<HttpAnswer> {
                if (request.path == "/api/events") return events.answer(request.query);
                return dashboard->answer(request);
            }};
}

Result<void> serve(const RegistryConfig& config) {
    block_stop_signals();
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
    auto events = (*store)->load_events();
    if (!events) return events.error();
    RegistryActor actor(options, placement, std::move(*recovered), random_uuid(), std::move(*events));
    actor.set_clock(wall_offset());

    TransportOptions sockets;
    sockets.listen = config.listen;
    sockets.publish = config.settings.publish;
    auto transport = Transport::open(sockets);
    if (!transport) return transport.error();

    StorageThread storage(**store, [&transport = **transport] { transport.wake(); });
    EventLoop loop(actor, storage, **transport);
    Seen seen;
    loop.each_turn([&](Time now) {
        actor.set_clock(wall_offset());
        seen.events.offer(actor.events());
        seen.figures.offer([&] {
            return registry::Observation{actor.figures(now), storage.figures(), figures_of(loop, **transport)};
        });
        seen.overview.offer([&] { return actor.overview(now); });
    });
    const auto pages = serve_pages(config.http, pages_of(seen));
    if (!pages) return pages.error();
    const OnStopSignal on_stop([&loop] { loop.stop(); });
    if (formed)
        log(LogLevel::info, "the cluster's map is recovered",
            {{"epoch", std::to_string(actor.map().epoch.value())},
             {"nodes", std::to_string(actor.map().nodes.size())}});
    std::cout << "ringkv-registry ready: listening on " << config.listen << ", publishing on "
              << config.settings.publish << std::endl;
    return loop.run();
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
