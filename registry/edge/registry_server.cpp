#include "registry/edge/registry_server.hpp"

#include <string>
#include <utility>

#include "common/edge/observing/pages.hpp"
#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"
#include "registry/settings.hpp"

namespace ringkv {
namespace {

// A page waits for a registry that does not turn, for so long.
constexpr Duration patience = std::chrono::seconds(1);

RegistryOptions options_of(const RegistryConfig& config) {
    RegistryOptions options;
    options.settings = config.settings;
    options.form_with = config.form_with;
    return options;
}

// Asks for a new copy. -> the newest, and whether it is new.
template <class Seen, class T>
Seen look(Observed<T>& observed) {
    observed.ask();
    const bool turns = observed.wait_until(boot_time() + patience);
    return {observed.value(), turns};
}

void tell_recovered(const ClusterMap& map) {
    log(LogLevel::info, "the cluster's map is recovered",
        {{"epoch", std::to_string(map.epoch.value())}, {"nodes", std::to_string(map.nodes.size())}});
}

}  // namespace

RegistryServer::RegistryServer(const RegistryConfig& config, std::unique_ptr<MapStore> store, ClusterMap recovered,
                               std::vector<Event> events, std::unique_ptr<Transport> transport)
    : placement_(config.settings.vnodes),
      store_(std::move(store)),
      actor_(options_of(config), placement_, std::move(recovered), random_uuid(), std::move(events)),
      transport_(std::move(transport)),
      storage_(*store_, [this] { transport_->wake(); }),
      loop_(actor_, storage_, *transport_) {
    actor_.set_clock(wall_offset());
    loop_.each_turn([this](Time now) { each_turn(now); });
}

RegistryServer::~RegistryServer() = default;

Result<std::unique_ptr<RegistryServer>> RegistryServer::open(const RegistryConfig& config) {
    auto store = MapStore::open(config.data_dir);
    if (!store) return store.error();
    auto recovered = (*store)->load();
    if (!recovered) return recovered.error();
    const bool formed = recovered->formed();
    if (formed)
        if (auto agreed = registry::check_settings(recovered->settings, config.settings); !agreed)
            return agreed.error();
    auto events = (*store)->load_events();
    if (!events) return events.error();

    TransportOptions sockets;
    sockets.listen = config.listen;
    sockets.publish = config.settings.publish;
    auto transport = Transport::open(sockets);
    if (!transport) return transport.error();

    std::unique_ptr<RegistryServer> server(new RegistryServer(config, std::move(*store), std::move(*recovered),
                                                              std::move(*events), std::move(*transport)));
    auto pages = serve_pages(config.http, server->pages());
    if (!pages) return pages.error();
    server->pages_ = std::move(*pages);
    if (formed) tell_recovered(server->actor_.map());
    return server;
}

Result<void> RegistryServer::run() {
    return loop_.run();
}

void RegistryServer::each_turn(Time now) {
    actor_.set_clock(wall_offset());
    events_.offer(actor_.events());
    figures_.offer([&] {
        return registry::Observation{actor_.figures(now), storage_.figures(), figures_of(loop_, *transport_)};
    });
    overview_.offer([&] { return actor_.overview(now); });
}

registry::ObservedRegistry RegistryServer::observe() {
    return look<registry::ObservedRegistry>(figures_);
}

registry::ObservedOverview RegistryServer::overview() {
    return look<registry::ObservedOverview>(overview_);
}

Pages RegistryServer::pages() {
    auto dashboard = std::make_shared<registry::Dashboard>([this] { return overview(); });
    return {[this] { return registry::metrics(observe()); }, [this] { return registry::not_alive(observe()); },
            [this] { return registry::not_ready(observe()); },
            [this, dashboard](const HttpRequest& request) -> std::optional<HttpAnswer> {
                if (request.path == "/api/events") return events_.answer(request.query);
                return dashboard->answer(request);
            }};
}

}  // namespace ringkv
