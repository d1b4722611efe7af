// The public door for operators: each call runs one task of the AdminActor, on the caller's thread.
#include "ringkv/admin.hpp"
#include "common/edge/configuration/endpoint.hpp"

#include "client/admin_actor.hpp"
#include "client/load.hpp"
#include "client/move_status.hpp"
#include "client/plan.hpp"
#include "common/check.hpp"
#include "common/edge/running/event_loop.hpp"
#include "common/edge/system/clock.hpp"

namespace ringkv {

namespace {

Result<void> check(const AdminOptions& options) {
    const auto wrong = [](std::string text) { return Error(ErrorCode::configuration, std::move(text)); };
    if (options.registries.empty()) return wrong("no endpoint was given: name the registry's (\"tcp://host:port\")");
    for (const std::string& endpoint : options.registries)
        if (auto checked = check_endpoint(endpoint); !checked) return checked;
    if (options.deadline <= std::chrono::milliseconds(0) || options.deadline > std::chrono::hours(24 * 365))
        return wrong("the deadline must be longer than 0 ms, and at most a year");
    return {};
}

// Of the views that they have now: what happens to them meanwhile is not undone.
Result<Administer> reset_request(const ClusterMap& map, const std::vector<std::uint32_t>& partitions) {
    Administer request;
    request.action = AdminAction::reset_partitions;
    for (const std::uint32_t partition : partitions) {
        if (partition >= map.partitions.size())
            return Error(ErrorCode::invalid_argument, "there is no partition " + std::to_string(partition) +
                                                          "; the cluster has " + std::to_string(map.partitions.size()));
        request.to_reset.push_back({PartitionId(partition), map.partitions[partition].view.id});
    }
    if (partitions.empty()) return Error(ErrorCode::invalid_argument, "no partition is named");
    return request;
}

}  // namespace

class Admin::Impl {
  public:
    Impl(AdminOptions options, std::unique_ptr<Transport> transport)
        : actor_(std::move(options.registries)), deadline_(options.deadline), transport_(std::move(transport)) {}

    Result<AdminOutcome> run(AdminTask task) {
        const Time now = boot_time();
        actor_.begin(now, std::move(task), now + deadline_);
        EventLoop loop(actor_, storage_, *transport_);
        RINGKV_CHECK(loop.run(), "an operator's tool stores nothing, so storing cannot fail");
        return actor_.take_result();
    }

    Result<Change> ask(AdminAction action, std::string_view node = {}) {
        Administer request;
        request.action = action;
        request.node = node;
        return ask(std::move(request));
    }

    Result<Change> ask(Administer request) {
        auto outcome = run(RegistryTask{std::move(request)});
        if (!outcome) return outcome.error();
        auto& answer = std::get<AdministerAnswer>(*outcome);
        return Change{std::move(answer.text), answer.epoch.value()};
    }

    // What `read` makes of the newest map.
    template <class Read>
    auto of_newest_map(Read read) -> Result<decltype(read(std::declval<const ClusterMap&>()))> {
        if (auto fetched = run(FetchMapTask{}); !fetched) return fetched.error();
        return read(actor_.map());
    }

    [[nodiscard]] const ClusterMap& map() const { return actor_.map(); }

  private:
    AdminActor actor_;
    NoStorage storage_;
    const Duration deadline_;
    std::unique_ptr<Transport> transport_;
};

Admin::Admin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Admin::Admin(Admin&&) noexcept = default;
Admin& Admin::operator=(Admin&&) noexcept = default;
Admin::~Admin() = default;

Result<Admin> Admin::connect(AdminOptions options) {
    if (auto checked = check(options); !checked) return checked.error();
    auto transport = Transport::open({});
    if (!transport) return transport.error();
    Admin admin(std::make_unique<Impl>(std::move(options), std::move(*transport)));
    if (auto map = admin.impl_->run(FetchMapTask{}); !map) return map.error();
    return admin;
}

Result<Change> Admin::drain(std::string_view node) {
    return impl_->ask(AdminAction::drain, node);
}

Result<Change> Admin::undrain(std::string_view node) {
    return impl_->ask(AdminAction::undrain, node);
}

Result<Change> Admin::remove(std::string_view node) {
    return impl_->ask(AdminAction::remove, node);
}

Result<Change> Admin::resume_repair() {
    return impl_->ask(AdminAction::resume_repair);
}

Result<Change> Admin::reset_partitions(const std::vector<std::uint32_t>& partitions) {
    auto request = impl_->of_newest_map([&](const ClusterMap& map) { return reset_request(map, partitions); });
    if (!request) return request.error();
    if (!*request) return request->error();
    return impl_->ask(std::move(**request));
}

Result<Change> Admin::change_settings(const SettingsChange& change) {
    Administer request;
    request.action = AdminAction::change_settings;
    request.repair_after = change.repair_after;
    request.max_bytes_per_second = change.max_bytes_per_second;
    request.max_moves_per_node = change.max_moves_per_node;
    request.max_moves_per_second = change.max_moves_per_second;
    return impl_->ask(std::move(request));
}

Result<Settings> Admin::settings() {
    return impl_->of_newest_map(settings_of);
}

Result<RepairStatus> Admin::repair_status() {
    return impl_->of_newest_map(ringkv::repair_status);
}

Result<NodeMoves> Admin::moves_of(std::string_view node) {
    return impl_->of_newest_map([&](const ClusterMap& map) { return node_moves(map, node); });
}

Result<Holdings> Admin::holdings() {
    auto outcome = impl_->run(HoldingsTask{});
    if (!outcome) return outcome.error();
    return holdings_of(impl_->map(), std::get<std::vector<NodeHoldings>>(*outcome));
}

Result<EventList> Admin::events(const EventQuery& query) {
    EventsRequest request;
    if (query.after) request.after = EventId(*query.after);
    request.limit = query.limit;
    request.kinds = query.kinds;
    request.node = query.node;
    auto outcome = impl_->run(RegistryTask{std::move(request)});
    if (!outcome) return outcome.error();
    return events_of(std::get<EventsAnswer>(*outcome));
}

Result<Condition> Admin::condition() {
    auto outcome = impl_->run(RegistryTask{ConditionRequest{}});
    if (!outcome) return outcome.error();
    return condition_of(impl_->map(), std::get<ConditionAnswer>(*outcome));
}

Result<Load> Admin::load() {
    auto outcome = impl_->run(FiguresTask{});
    if (!outcome) return outcome.error();
    return load_of(impl_->map(), std::get<std::vector<NodeFigures>>(*outcome));
}

Result<Plan> Admin::plan(const PlanRequest& request, const Holdings& holdings) {
    if (auto fetched = impl_->run(FetchMapTask{}); !fetched) return fetched.error();
    return plan_of(impl_->map(), request, holdings);
}

}  // namespace ringkv
