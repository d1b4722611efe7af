// A registry between its configuration and its end: store, actor, sockets and pages. What the program ringkv-registry
// is made of, and the registry of `kvctl demo`.
//
// Thread safety: stop() and overview() on any thread, while run() runs; all else on one.
#pragma once

#include <memory>

#include "common/edge/configuration/config.hpp"
#include "common/edge/http/http_server.hpp"
#include "common/edge/running/event_loop.hpp"
#include "common/edge/running/storage_thread.hpp"
#include "common/placement/placement.hpp"
#include "registry/edge/dashboard.hpp"
#include "registry/edge/events_page.hpp"
#include "registry/edge/registry_metrics.hpp"
#include "registry/edge/store.hpp"
#include "registry/registry_actor.hpp"

namespace ringkv {

class RegistryServer {
  public:
    // Reads the store, binds every address, and serves the pages. Errors: those of MapStore, registry::check_settings,
    // Transport::open and serve_pages.
    [[nodiscard]] static Result<std::unique_ptr<RegistryServer>> open(const RegistryConfig& config);
    ~RegistryServer();
    RegistryServer(const RegistryServer&) = delete;
    RegistryServer& operator=(const RegistryServer&) = delete;

    // Turns on this thread until stop(), or an error: storage failed.
    [[nodiscard]] Result<void> run();
    void stop() { loop_.stop(); }

    // The cluster as it is now. Waits for the registry's next turn, a second at most.
    [[nodiscard]] registry::ObservedOverview overview();

  private:
    RegistryServer(const RegistryConfig& config, std::unique_ptr<MapStore> store, ClusterMap recovered,
                   std::vector<Event> events, std::unique_ptr<Transport> transport);
    [[nodiscard]] registry::ObservedRegistry observe();
    [[nodiscard]] Pages pages();
    void each_turn(Time now);

    const RingPlacement placement_;
    std::unique_ptr<MapStore> store_;
    RegistryActor actor_;
    std::unique_ptr<Transport> transport_;
    StorageThread storage_;  // ends before the transport, which it wakes
    EventLoop loop_;
    // What pages are made of, when they are asked for.
    Observed<registry::Observation> figures_;
    Observed<registry::Overview> overview_;
    registry::EventsPage events_;
    std::unique_ptr<HttpServer> pages_;
};

}  // namespace ringkv
