// One descriptor to wait on for all sockets of a transport; only those that may have something are looked at.
//
// ZeroMQ signals a socket through a descriptor of its own (ZMQ_FD), once for all that comes until the socket is asked:
// it becomes readable when something comes to a socket that was found empty, and stays so until a call of the library
// on that socket takes the signal. Any call may take it, a send as well as a receive. So a socket is one of three:
//
//     quiet    found empty (ZMQ_EVENTS, or a receive that said EAGAIN), and not used since: its descriptor will tell
//     unknown  used since: its descriptor may be silent though something is there, so it is asked before the wait
//     ready    something is there: nothing is waited for until a receive says EAGAIN
//
// An idle socket is quiet, and costs no system call. Thread safety: none.
#pragma once

#include <chrono>
#include <deque>
#include <vector>

#include "common/actor.hpp"
#include "common/edge/transport/zmq_socket.hpp"

namespace ringkv {

// A socket of a transport, and what is known of it. Stays where it is while a poller has it.
struct Source {
    Socket socket;
    bool routed = false;               // a ROUTER: every frame has its own sender
    Address from = {};                 // of all others
    PeerKind kind = PeerKind::server;  // at its other end, but for clients of a ROUTER
    bool connecting = false;           // that it can send is worth waking up for, too
    bool active = true;                // something came or went: since the transport looked last (close_idle)

  private:
    friend class SocketPoller;
    enum class State : std::uint8_t { quiet, unknown, ready };
    State state_ = State::quiet;
    int descriptor_ = -1;
};

class SocketPoller {
  public:
    SocketPoller();
    ~SocketPoller();
    SocketPoller(const SocketPoller&) = delete;
    SocketPoller& operator=(const SocketPoller&) = delete;

    // No more descriptors: nothing can be waited for.
    [[nodiscard]] bool broken() const { return epoll_ < 0; }
    // A descriptor that ends a wait; wait() says so.
    [[nodiscard]] bool add(int descriptor);
    // False: too many files are open.
    [[nodiscard]] bool add(Source& source);
    // Before its socket is closed.
    void remove(Source& source);
    // The library was called on it. (Of one that was not added: nothing.)
    void used(Source& source);
    // A receive found nothing, and said EAGAIN.
    void drained(Source& source);

    struct Woken {
        bool descriptor = false;  // the one that was added is readable
        bool waited = false;      // and something, not the time, ended it
    };
    // Until something may be there, or the time is over, in whole milliseconds.
    Woken wait(std::chrono::milliseconds timeout);
    // Of those that are ready the next; null: none is.
    [[nodiscard]] Source* ready() const { return ready_.empty() ? nullptr : ready_.front(); }
    // The others that are ready come before it.
    void give_way(Source& source);

  private:
    // ZeroMQ: what is there? -> is there something to do for it?
    bool ask(Source& source);

    int epoll_;
    std::vector<Source*> unknown_;
    std::deque<Source*> ready_;
};

}  // namespace ringkv
