// The pages that every server has for its operators, and for what watches it:
//
//     /metrics   Prometheus' text format (docs/metrics.md)
//     /livez     200 if the process does its work; 503, with a reason a line, if it should be started anew
//     /readyz    200 if it can do all that it is there for; 503, with a reason a line
//
// However often they are asked for, each is made ten times a second at most. A server may have more of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/edge/http/http_server.hpp"
#include "common/edge/system/clock.hpp"

namespace ringkv {

// What takes time of the loops that it is about, and so is made anew only when it is asked for and older than that.
// Thread safety: none.
template <class T>
class Kept {
  public:
    Kept(Duration while_younger, std::function<T()> make) : while_younger_(while_younger), make_(std::move(make)) {}

    [[nodiscard]] const T& get() {
        if (!value_ || boot_time() - made_at_ >= while_younger_) {
            value_ = make_();
            made_at_ = boot_time();
        }
        return *value_;
    }

  private:
    const Duration while_younger_;
    const std::function<T()> make_;
    std::optional<T> value_;
    Time made_at_{};
};

// Each is called on the server's thread, one at a time.
struct Pages {
    std::function<std::string()> metrics;
    // Reasons, each a line; empty: it does.
    std::function<std::vector<std::string>()> not_alive;
    std::function<std::vector<std::string>()> not_ready;
    // Any other; nullopt: there is none. Empty: the server has no others.
    std::function<std::optional<HttpAnswer>(const HttpRequest& request)> others{};
};

// Answers at "host:port" from now on; without an address there are no pages (null). Errors: as HttpServer::open.
[[nodiscard]] Result<std::unique_ptr<HttpServer>> serve_pages(const std::optional<std::string>& listen, Pages pages);

}  // namespace ringkv
