#include "common/edge/observing/pages.hpp"

#include <string_view>
#include <utility>

namespace ringkv {
namespace {

constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";
constexpr Duration between_pages = std::chrono::milliseconds(100);

HttpAnswer answer_of(const std::vector<std::string>& reasons) {
    HttpAnswer answer;
    if (reasons.empty()) answer.body = "ok\n";
    if (!reasons.empty()) answer.status = 503;
    for (const std::string& reason : reasons) answer.body += reason + "\n";
    return answer;
}

// Of the HTTP server's thread alone.
class Site {
  public:
    explicit Site(Pages pages) : pages_(std::move(pages)) {}

    [[nodiscard]] HttpAnswer answer(const HttpRequest& request) {
        if (request.path == "/metrics") return metrics_.get();
        if (request.path == "/livez") return alive_.get();
        if (request.path == "/readyz") return ready_.get();
        if (pages_.others)
            if (auto answer = pages_.others(request)) return std::move(*answer);
        HttpAnswer none;
        none.status = 404;
        none.body = "there are /metrics, /livez and /readyz\n";
        return none;
    }

  private:
    const Pages pages_;
    Kept<HttpAnswer> metrics_{between_pages, [this] {
                                  return HttpAnswer{200, std::string(metrics_type), pages_.metrics()};
                              }};
    Kept<HttpAnswer> alive_{between_pages, [this] { return answer_of(pages_.not_alive()); }};
    Kept<HttpAnswer> ready_{between_pages, [this] { return answer_of(pages_.not_ready()); }};
};

}  // namespace

Result<std::unique_ptr<HttpServer>> serve_pages(const std::optional<std::string>& listen, Pages pages) {
    if (!listen) return std::unique_ptr<HttpServer>();
    HttpOptions options;
    options.listen = *listen;
    return HttpServer::open(options, [site = std::make_shared<Site>(std::move(pages))](const HttpRequest& request) {
        return site->answer(request);
    });
}

}  // namespace ringkv
