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

// Kept for a moment: to make it takes time of the loops that it is about.
class Page {
  public:
    explicit Page(std::function<HttpAnswer()> make) : make_(std::move(make)) {}

    [[nodiscard]] const HttpAnswer& answer() {
        if (made_at_ == Time{} || boot_time() - made_at_ >= between_pages) {
            answer_ = make_();
            made_at_ = boot_time();
        }
        return answer_;
    }

  private:
    const std::function<HttpAnswer()> make_;
    HttpAnswer answer_;
    Time made_at_{};
};

// Of the HTTP server's thread alone.
class Site {
  public:
    explicit Site(Pages pages) : pages_(std::move(pages)) {}

    [[nodiscard]] HttpAnswer answer(std::string_view path) {
        if (path == "/metrics") return metrics_.answer();
        if (path == "/livez") return alive_.answer();
        if (path == "/readyz") return ready_.answer();
        HttpAnswer none;
        none.status = 404;
        none.body = "there are /metrics, /livez and /readyz\n";
        return none;
    }

  private:
    const Pages pages_;
    Page metrics_{[this] { return HttpAnswer{200, std::string(metrics_type), pages_.metrics()}; }};
    Page alive_{[this] { return answer_of(pages_.not_alive()); }};
    Page ready_{[this] { return answer_of(pages_.not_ready()); }};
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
