// The pages that every server has for its operators, and for what watches it:
//
//     /metrics   Prometheus' text format (docs/metrics.md)
//     /livez     200 if the process does its work; 503, with a reason a line, if it should be started anew
//     /readyz    200 if it can do all that it is there for; 503, with a reason a line
//
// However often they are asked for, each is made ten times a second at most.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/edge/http/http_server.hpp"

namespace ringkv {

// Each is called on the server's thread, one at a time.
struct Pages {
    std::function<std::string()> metrics;
    // Reasons, each a line; empty: it does.
    std::function<std::vector<std::string>()> not_alive;
    std::function<std::vector<std::string>()> not_ready;
};

// Answers at "host:port" from now on; without an address there are no pages (null). Errors: as HttpServer::open.
[[nodiscard]] Result<std::unique_ptr<HttpServer>> serve_pages(const std::optional<std::string>& listen, Pages pages);

}  // namespace ringkv
