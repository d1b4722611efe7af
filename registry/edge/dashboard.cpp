#include "registry/edge/dashboard.hpp"

#include "common/edge/system/clock.hpp"
#include "common/utc.hpp"
#include "registry/edge/cluster_api.hpp"

namespace ringkv::registry {
namespace {

// Each, and an answer that is made of one: what is shown is half a second old at most.
constexpr Duration between_looks = std::chrono::milliseconds(250);

std::string time_text() {
    return utc_text(boot_time().time_since_epoch() + wall_offset());
}

}  // namespace

Dashboard::Dashboard(std::function<ObservedOverview()> observe)
    : seen_(between_looks, std::move(observe)),
      cluster_(between_looks, [this] { return cluster_answer(*seen_.get().newest, time_text()); }),
      activity_(between_looks, [this] { return activity_answer(*seen_.get().newest); }) {}

HttpAnswer Dashboard::answer_of_api(const HttpRequest& request) {
    if (!seen_.get().turns)
        return error_answer(503, "the registry does not turn: it is stopped, stuck, or without a processor");
    if (request.path == "/api/cluster") return cluster_.get();
    if (request.path == "/api/activity") return activity_.get();
    if (request.path == "/api/locate") return locate_answer(*seen_.get().newest, request.query);
    if (request.path == "/api/node") return node_answer(*seen_.get().newest, request.query);
    return error_answer(404, "there are /api/cluster, /api/activity, /api/events, /api/locate and /api/node");
}

std::optional<HttpAnswer> Dashboard::answer(const HttpRequest& request) {
    if (request.path.starts_with("/api/")) return answer_of_api(request);
    for (const DashboardFile& file : dashboard_files())
        if (file.path == request.path)
            return HttpAnswer{200, std::string(file.content_type), std::string(file.content)};
    return std::nullopt;
}

}  // namespace ringkv::registry
