#include "common/edge/transport/socket_poller.hpp"

#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <utility>

namespace ringkv {

SocketPoller::SocketPoller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

SocketPoller::~SocketPoller() {
    if (epoll_ >= 0) ::close(epoll_);
}

bool SocketPoller::add(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool SocketPoller::add(Source& source) {
    std::size_t size = sizeof source.descriptor_;
    if (zmq_getsockopt(source.socket.get(), ZMQ_FD, &source.descriptor_, &size) != 0) return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &source;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, source.descriptor_, &event) != 0) return false;
    used(source);
    return true;
}

void SocketPoller::remove(Source& source) {
    std::erase(unknown_, &source);
    std::erase(ready_, &source);
    source.state_ = Source::State::quiet;
    (void)::epoll_ctl(epoll_, EPOLL_CTL_DEL, std::exchange(source.descriptor_, -1), nullptr);
}

void SocketPoller::used(Source& source) {
    if (source.state_ != Source::State::quiet || source.descriptor_ < 0) return;
    source.state_ = Source::State::unknown;
    unknown_.push_back(&source);
}

void SocketPoller::drained(Source& source) {
    std::erase(ready_, &source);
    source.state_ = Source::State::quiet;
}

void SocketPoller::give_way(Source& source) {
    if (std::erase(ready_, &source) > 0) ready_.push_back(&source);
}

bool SocketPoller::ask(Source& source) {
    if (source.state_ == Source::State::ready) return true;
    int events = 0;
    std::size_t size = sizeof events;
    if (zmq_getsockopt(source.socket.get(), ZMQ_EVENTS, &events, &size) != 0) {
        used(source);  // interrupted, perhaps after the signal was taken
        return true;
    }
    source.state_ = Source::State::quiet;
    if ((events & ZMQ_POLLIN) != 0) {
        source.state_ = Source::State::ready;
        ready_.push_back(&source);
    }
    return source.state_ == Source::State::ready || (source.connecting && (events & ZMQ_POLLOUT) != 0);
}

SocketPoller::Woken SocketPoller::wait(std::chrono::milliseconds timeout) {
    bool some = !ready_.empty();
    std::vector<Source*> asked = std::exchange(unknown_, {});
    for (Source* source : asked) {
        source->state_ = Source::State::quiet;
        some = ask(*source) || some;
    }
    std::array<epoll_event, 64> events{};
    const int most = static_cast<int>(events.size());
    const int waits = some ? 0 : static_cast<int>(timeout.count());
    // An interrupted wait is a short one: nothing was taken, and the next one sees it.
    const int count = ::epoll_wait(epoll_, events.data(), most, waits);
    Woken woken;
    woken.waited = waits > 0 && count > 0;
    for (int i = 0; i < count; ++i) {
        auto* const source = static_cast<Source*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (source == nullptr)
            woken.descriptor = true;
        else
            (void)ask(*source);
    }
    return woken;
}

}  // namespace ringkv
