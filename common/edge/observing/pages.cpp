#include "common/edge/observing/pages.hpp"

#include <string_view>
#include <utility>

#include "common/edge/system/clock.hpp"

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

    [[nodiscard]] HttpAnswer answer(std::string_view path) {
        if (path == "/metrics") return {200, std::string(metrics_type), metrics()};
        if (path == "/livez") return answer_of(pages_.not_alive());
        if (path == "/readyz") return answer_of(pages_.not_ready());
        HttpAnswer none;
        none.status = 404;
        none.body = "there are /metrics, /livez and /readyz\n";
        return none;
    }

  private:
    [[nodiscard]] const std::string& metrics() {
        const Time now = boot_time();
        if (made_at_ == Time{} || now - made_at_ >= between_pages) {
            page_ = pages_.metrics();
            made_at_ = now;
        }
        return page_;
    }

    const Pages pages_;
    std::string page_;
    Time made_at_{};
};

}  // namespace

Result<std::unique_ptr<HttpServer>> serve_pages(const std::optional<std::string>& listen, Pages pages) {
    if (!listen) return std::unique_ptr<HttpServer>();
    HttpOptions options;
    options.listen = *listen;
    return HttpServer::open(options, [site = std::make_shared<Site>(std::move(pages))](std::string_view path) {
        return site->answer(path);
    });
}

}  // namespace ringkv
