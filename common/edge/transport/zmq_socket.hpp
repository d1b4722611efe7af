// ZeroMQ's handles as owners, and the options that every socket of ours has. The only files that
// include zmq.h are this one's source and the transport's.
#pragma once

#include <memory>
#include <string>

#include "common/edge/transport/transport.hpp"

namespace ringkv {

// The process's one context, with one I/O thread: made for the first transport, ended with the last.
// Sockets must be closed before they let go of it. Thread-safe.
[[nodiscard]] std::shared_ptr<void> shared_zmq_context();

struct CloseSocket {
    void operator()(void* socket) const;
};
using Socket = std::unique_ptr<void, CloseSocket>;

// Each with its options set; null if the process has too many sockets or files open.
[[nodiscard]] Socket make_router(void* context, const TransportOptions& options);
[[nodiscard]] Socket make_dealer(void* context, const TransportOptions& options);
[[nodiscard]] Socket make_publisher(void* context, const TransportOptions& options);
[[nodiscard]] Socket make_subscriber(void* context, const TransportOptions& options);

// Errors: configuration, with the endpoint and what to try.
[[nodiscard]] Result<void> listen_on(void* socket, const std::string& endpoint);
// Returns at once, whether or not a server listens there. Errors: configuration.
[[nodiscard]] Result<void> connect_to(void* socket, const std::string& endpoint);

}  // namespace ringkv
