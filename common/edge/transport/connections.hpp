// The connections of a ROUTER, as far as something is sent back by them.
//
// Thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/edge/transport/send_budget.hpp"
#include "common/edge/transport/socket_poller.hpp"
#include "common/edge/transport/warning_limiter.hpp"
#include "common/edge/transport/zmq_message.hpp"

namespace ringkv {

// The identity that a ROUTER gives a connection by itself: a zero byte and a 32-bit counter. Identities
// that peers choose are not served: the next to choose the same one would get the answers.
[[nodiscard]] std::optional<std::uint64_t> connection_of(std::string_view routing_id);

class Connections {
  public:
    // By reference. The budget is that of TransportOptions.
    Connections(Source& router, SocketPoller& poller, const TransportOptions& options)
        : router_(router), poller_(poller), budget_(options.connection_bytes, options.connections_bytes) {}

    // False: it was dropped, for the connection has gone, or does not read.
    [[nodiscard]] bool send(std::uint64_t connection, std::string frame);
    [[nodiscard]] bool send(std::string_view routing_id, MessagePart& body);
    [[nodiscard]] const SendBudget& budget() const { return budget_; }

  private:
    Source& router_;
    SocketPoller& poller_;
    SendBudget budget_;
    WarningLimiter unread_;
};

}  // namespace ringkv
