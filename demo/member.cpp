#include "demo/member.hpp"

#include <chrono>
#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"
#include "demo/ports.hpp"

namespace ringkv::demo {
namespace {

// ZeroMQ closes a socket on a thread of its own, soon after it was told to.
constexpr Duration sockets_close_within = std::chrono::seconds(2);
constexpr std::chrono::milliseconds between_looks(1);

std::uint16_t port_of(const std::string& address) {
    return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

void await_free(std::uint16_t port) {
    const Time until = boot_time() + sockets_close_within;
    while (!is_free(port) && boot_time() < until) std::this_thread::sleep_for(between_looks);
}

}  // namespace

std::string_view to_string(Member::State state) {
    switch (state) {
        case Member::State::killed: return "killed";
        case Member::State::running: return "running";
        case Member::State::paused: return "paused";
        case Member::State::failed: return "failed";
    }
    return "failed";
}

Member::~Member() {
    end();
}

Result<void> Member::start() {
    const NamedLog named(name());
    auto server = NodeServer::open(config_);
    if (!server) return server.error();
    server_ = std::move(*server);
    set(State::running);
    server_->start();
    waits_ = std::thread([this] {
        const NamedLog of_this_thread(name());
        wait_for_end();
    });
    return {};
}

void Member::wait_for_end() {
    const Result<void> outcome = server_->wait();
    const std::lock_guard lock(mutex_);
    if (state_ == State::killed) return;
    state_ = State::failed;
    error_ = outcome ? "it has ended by itself" : outcome.error().message();
    log(LogLevel::error, error_);
}

void Member::end() {
    if (server_ == nullptr) return;
    set(State::killed);
    server_->kill();
    waits_.join();
    server_.reset();
    await_free(port_of(config_.listen));
    if (config_.http) await_free(port_of(*config_.http));
}

Result<void> Member::kill() {
    end();
    set(State::killed);
    return {};
}

Result<void> Member::pause() {
    if (change(State::running, State::paused)) {
        server_->pause();
        return {};
    }
    const State now = state();
    if (now == State::paused) return {};
    return Error(ErrorCode::refused, name() + " is " + std::string(to_string(now)) +
                                         ", and cannot be paused; kvctl demo resume " + name() + " starts it again");
}

Result<void> Member::resume() {
    if (change(State::paused, State::running)) {
        server_->resume();
        return {};
    }
    if (state() == State::running) return {};
    end();
    return start();
}

bool Member::change(State from, State to) {
    const std::lock_guard lock(mutex_);
    if (state_ != from) return false;
    state_ = to;
    return true;
}

void Member::set(State state) {
    const std::lock_guard lock(mutex_);
    state_ = state;
    error_.clear();
}

Member::State Member::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

DemoNode Member::describe() const {
    const std::lock_guard lock(mutex_);
    return {config_.name,
            config_.rack,
            std::string(to_string(state_)),
            config_.listen,
            config_.http ? "http://" + *config_.http + "/metrics" : "",
            error_};
}

std::vector<std::string> Member::not_ready() const {
    if (state() != State::running) return {name() + " does not run: " + std::string(to_string(state()))};
    std::vector<std::string> reasons;
    for (const std::string& reason : server_->not_ready()) reasons.push_back(name() + ": " + reason);
    return reasons;
}

}  // namespace ringkv::demo
