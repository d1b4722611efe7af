// The registry's page for people, at "/", its files, and the API at /api/ that it lives on (docs/http-api.md). Of the
// HTTP server's thread alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "common/edge/observing/pages.hpp"
#include "registry/overview.hpp"

namespace ringkv::registry {

// A file of registry/edge/dashboard/, as it was when this was built (cmake/embed.py).
struct DashboardFile {
    std::string_view path;  // "/" or "/dashboard/NAME"
    std::string_view content_type;
    std::string_view content;
};
[[nodiscard]] std::span<const DashboardFile> dashboard_files();

struct ObservedOverview {
    std::shared_ptr<const Overview> newest;  // null: the registry has not turned yet
    bool turns = false;                      // it took a turn when it was asked just now
};

class Dashboard {
  public:
    // `observe` is called four times a second at most, however often is asked.
    explicit Dashboard(std::function<ObservedOverview()> observe);

    // nullopt: it is no page of the dashboard's.
    [[nodiscard]] std::optional<HttpAnswer> answer(const HttpRequest& request);

  private:
    [[nodiscard]] HttpAnswer answer_of_api(const HttpRequest& request);

    Kept<ObservedOverview> seen_;
    Kept<HttpAnswer> cluster_;
    Kept<HttpAnswer> activity_;
};

}  // namespace ringkv::registry
