#include "common/edge/program/stop_signals.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace ringkv {

namespace {

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

}  // namespace

void block_stop_signals() {
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

OnStopSignal::OnStopSignal(std::function<void()> stop) : stop_(std::move(stop)), waiter_([this] { wait(); }) {}

OnStopSignal::~OnStopSignal() {
    ended_ = true;
    pthread_kill(waiter_.native_handle(), SIGINT);  // to that thread alone: it waits for a signal
    waiter_.join();
}

void OnStopSignal::wait() {
    const sigset_t signals = stop_signals();
    int signal = 0;
    while (sigwait(&signals, &signal) == 0 && !ended_) stop_();
}

}  // namespace ringkv
