#include "common/edge/transport/zmq_socket.hpp"
#include "common/edge/configuration/endpoint.hpp"

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "common/check.hpp"

namespace ringkv {
namespace {

template <class Value>
void set(void* socket, int option, Value value) {
    RINGKV_CHECK(zmq_setsockopt(socket, option, &value, sizeof value) == 0, "libzmq refused a socket option");
}

void set_common(void* socket, const TransportOptions& options) {
    // Closing never waits for, nor delivers, what a peer has not taken: it may be out of date by then.
    set(socket, ZMQ_LINGER, 0);
    // Bounded queues. Beyond them sending says so (and the message is dropped and counted), and receiving
    // leaves the rest to TCP, which holds the sender back.
    set(socket, ZMQ_SNDHWM, options.high_water_mark);
    set(socket, ZMQ_RCVHWM, std::min(options.high_water_mark, 1000));
    // A larger frame costs its sender the connection, before memory is taken for it. Unlimited by default.
    set(socket, ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(options.limits.frame));
    // A connection without a handshake is closed after 3 s instead of 30.
    set(socket, ZMQ_HANDSHAKE_IVL, 3000);
    // Peers that know no ZeroMQ heartbeats are noticed by the kernel, though late.
    set(socket, ZMQ_TCP_KEEPALIVE, 1);
}

void set_listening(void* socket) {
    // All clients may come back at the same moment.
    set(socket, ZMQ_BACKLOG, 1024);
}

void set_connecting(void* socket) {
    // A peer that vanished without closing (power, cable, SIGSTOP) is noticed by silence, which is off by default:
    // asked every second, closed after 3; and the side that listens, which asks nothing, closes when it was not asked
    // for 5. One question and answer serve both: they are most of the frames of a registry with hundreds of idle
    // connections.
    set(socket, ZMQ_HEARTBEAT_IVL, 1000);
    set(socket, ZMQ_HEARTBEAT_TIMEOUT, 3000);
    set(socket, ZMQ_HEARTBEAT_TTL, 5000);
    // Back soon after a peer's restart, without hammering one that stays away.
    set(socket, ZMQ_RECONNECT_IVL, 50);
    set(socket, ZMQ_RECONNECT_IVL_MAX, 1000);
    // A host that swallows packets must not hold an attempt for the kernel's two minutes.
    set(socket, ZMQ_CONNECT_TIMEOUT, 2000);
}

Socket make(void* context, int type, const TransportOptions& options) {
    Socket socket(zmq_socket(context, type));
    if (socket) set_common(socket.get(), options);
    return socket;
}

// IPv6 only where the endpoint asks for it: elsewhere a machine without it would be in the way.
void set_family(void* socket, const std::string& endpoint) {
    set(socket, ZMQ_IPV6, endpoint.find('[') == std::string::npos ? 0 : 1);
}

}  // namespace

std::shared_ptr<void> shared_zmq_context() {
    static std::mutex mutex;
    static std::weak_ptr<void> current;
    const std::lock_guard lock(mutex);
    if (auto context = current.lock()) return context;
    void* const made = zmq_ctx_new();
    RINGKV_CHECK(made != nullptr, "libzmq cannot make a context");
    zmq_ctx_set(made, ZMQ_IO_THREADS, 1);
    // The default of 1023 is too few for a whole cluster in one process.
    zmq_ctx_set(made, ZMQ_MAX_SOCKETS, 16384);
    std::shared_ptr<void> context(made, [](void* ended) {
        while (zmq_ctx_term(ended) != 0 && errno == EINTR) {
        }
    });
    current = context;
    return context;
}

void CloseSocket::operator()(void* socket) const {
    zmq_close(socket);
}

Socket make_router(void* context, const TransportOptions& options) {
    Socket socket = make(context, ZMQ_ROUTER, options);
    if (!socket) return socket;
    set_listening(socket.get());
    // Sending to a peer that has gone fails, instead of succeeding without effect.
    set(socket.get(), ZMQ_ROUTER_MANDATORY, 1);
    // No peer takes over another's connection, and its answers, by naming its identity.
    set(socket.get(), ZMQ_ROUTER_HANDOVER, 0);
    return socket;
}

Socket make_dealer(void* context, const TransportOptions& options) {
    Socket socket = make(context, ZMQ_DEALER, options);
    if (!socket) return socket;
    set_connecting(socket.get());
    // Nothing is kept for a peer that is not there: a later process on that port would get it.
    set(socket.get(), ZMQ_IMMEDIATE, 1);
    return socket;
}

Socket make_publisher(void* context, const TransportOptions& options) {
    Socket socket = make(context, ZMQ_PUB, options);
    if (!socket) return socket;
    set_listening(socket.get());
    // A slow subscriber loses what it cannot take (it sees the gap); it never holds up the others.
    set(socket.get(), ZMQ_XPUB_NODROP, 0);
    // Deltas build on each other: the newest one alone is of no use.
    set(socket.get(), ZMQ_CONFLATE, 0);
    return socket;
}

Socket make_subscriber(void* context, const TransportOptions& options) {
    Socket socket = make(context, ZMQ_SUB, options);
    if (!socket) return socket;
    set_connecting(socket.get());
    RINGKV_CHECK(zmq_setsockopt(socket.get(), ZMQ_SUBSCRIBE, "", 0) == 0, "libzmq refused a subscription");
    return socket;
}

Result<void> listen_on(void* socket, const std::string& endpoint) {
    if (auto good = check_endpoint(endpoint); !good) return good;
    set_family(socket, endpoint);
    if (zmq_bind(socket, endpoint.c_str()) == 0) return {};
    const int why = zmq_errno();
    std::string text = "cannot listen on " + endpoint + ": ";
    if (why == EADDRINUSE) {
        text += "another process listens there already; stop it (`ss -ltnp` names it) or choose another port";
    } else if (why == EADDRNOTAVAIL || why == ENODEV) {
        text += "no network interface of this machine has that address; use one that `ip addr` shows, or 127.0.0.1";
    } else if (why == EACCES) {
        text += "this user may not; choose a port above 1023";
    } else {
        text += zmq_strerror(why);
    }
    return Error(ErrorCode::configuration, std::move(text));
}

Result<void> connect_to(void* socket, const std::string& endpoint) {
    if (socket == nullptr) return Error(ErrorCode::internal, "no more sockets: raise the limit of open files");
    if (auto good = check_endpoint(endpoint); !good) return good;
    set_family(socket, endpoint);
    if (zmq_connect(socket, endpoint.c_str()) == 0) return {};
    return Error(ErrorCode::configuration, "cannot connect to " + endpoint + ": " + zmq_strerror(zmq_errno()));
}

}  // namespace ringkv
