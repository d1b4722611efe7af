#include "local/core.hpp"

#include <algorithm>
#include <utility>

#include "client/edge/calls.hpp"
#include "common/check.hpp"
#include "common/edge/system/clock.hpp"

namespace ringkv::local {

namespace {

constexpr Duration tick_interval = std::chrono::milliseconds(10);
// A round of messages: a lease lasts for several of these (members.cpp).
constexpr Duration longest_step = std::chrono::milliseconds(20);

ClientOptions client_options() {
    ClientOptions options;
    options.registries = {registry_endpoint};
    while (options.id.none()) options.id = ClientId(random_u64());
    return options;
}

std::string event(const std::string& host, const LogLine& line) {
    static constexpr const char* levels[] = {"debug", "info", "warning", "error"};
    std::string text = std::string(levels[static_cast<int>(line.level)]) + " " + host + ": " + line.text;
    for (const auto& [name, value] : line.fields) text.append(" ").append(name).append("=").append(value);
    return text;
}

}  // namespace

Error closed_error() {
    return {ErrorCode::closed, "the cluster is closed"};
}

Error own_thread_error() {
    return {ErrorCode::invalid_argument, "a call in a callback of the same cluster would wait for itself"};
}

Time ClusterClock::advance() {
    const Time real = boot_time();
    if (looked_at_ != Time{}) now_ += std::clamp<Duration>(real - looked_at_, Duration::zero(), longest_step);
    looked_at_ = real;
    return now_;
}

Core::Core(LocalClusterOptions options)
    : options_(std::move(options)),
      network_([this](const std::string& host, const LogLine& line) {
          if (options_.on_event) options_.on_event(event(host, line));
      }),
      members_(options_, network_),
      client_(client_options(), random_u64()),
      client_host_(network_.add({"client", {}, {}}, client_)),
      move_log_([this](NodeId node, PartitionId partition) { return members_.size_of(node, partition); }) {
    thread_ = std::thread([this] { run(); });
}

Core::~Core() {
    RINGKV_CHECK(!on_own_thread(), "a LocalCluster was destroyed in one of its own callbacks");
    close();
}

void Core::close() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    called_.notify_one();
    if (on_own_thread()) return;  // in a callback: it ends after that
    const std::lock_guard lock(joining_);
    if (thread_.joinable()) thread_.join();
}

// ---------------------------------------------------------------- on the callers' threads

bool Core::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (closing_) return false;
        tasks_.push_back(std::move(task));
        if (tasks_.size() > 1) return true;  // the first task has woken the thread
    }
    called_.notify_one();
    return true;
}

Result<Outcome> Core::perform(Operation operation) {
    return await<Outcome>([&](const auto& promise, Time now) {
        if (members_.none())
            return promise->set_value(Error(ErrorCode::unavailable, "the cluster has no nodes; add_node first"));
        const OperationId id = client_.submit(now, calls::awaited(std::move(operation)), now + options_.deadline);
        operations_.emplace(id, promise);
        network_.touch(client_host_);
    });
}

Result<void> Core::wait_until(Look look, const std::string& what) {
    return await<void>([&](const auto& promise, Time now) {
        waiting_.push_back({std::move(look), now + options_.change_deadline, what, promise});
    });
}

Result<void> Core::administer(AdminAction action, const std::string& node) {
    auto answer = std::make_shared<std::optional<AdministerAnswer>>();
    auto asked = on_thread<void>([&](Members& members, Time) {
        members.desk().ask(action, node, [answer](const AdministerAnswer& said) { *answer = said; });
        return Result<void>();
    });
    if (!asked) return asked;
    return wait_until(
        [answer](Members&, Time) -> Progress {
            if (!*answer) return std::nullopt;
            if ((*answer)->error) return Error(*(*answer)->error, (*answer)->text);
            return Result<void>();
        },
        "the registry has not answered");
}

// ---------------------------------------------------------------- on the cluster's thread

void Core::run() {
    own_ = std::this_thread::get_id();
    Time next_tick{};
    for (;;) {
        const Time now = clock_.advance();
        if (!run_tasks(now)) return end();
        const bool tick = now >= next_tick;
        if (tick) next_tick = now + tick_interval;
        const bool more = network_.round(now, tick);
        hand_back();
        after_round(now, tick);
        if (more) continue;
        std::unique_lock lock(mutex_);
        called_.wait_for(lock, next_tick - now, [this] { return closing_ || !tasks_.empty(); });
    }
}

// False: the cluster is being closed. What was posted before that has been begun.
bool Core::run_tasks(Time now) {
    std::vector<Task> tasks;
    bool closing = false;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
        closing = closing_;
    }
    for (const Task& task : tasks) task(now);
    return !closing;
}

void Core::hand_back() {
    for (Completion& completion : client_.take_completions()) {
        const auto found = operations_.find(completion.id);
        RINGKV_CHECK(found != operations_.end(), "an operation was completed twice");
        const auto promise = std::move(found->second);
        operations_.erase(found);
        promise->set_value(std::move(completion.outcome));
    }
}

void Core::after_round(Time now, bool tick) {
    const bool changed = members_.map().epoch != seen_;
    if (!changed && !tick) return;
    seen_ = members_.map().epoch;
    if (changed)
        for (const MoveSummary& moved : move_log_.look(members_.map()))
            if (options_.on_moves) options_.on_moves(moved);
    members_.after_round(now);
    std::erase_if(waiting_, [&](Waiting& waiting) {
        Progress progress = waiting.look(members_, now);
        if (!progress && now >= waiting.deadline)
            progress = Error(ErrorCode::unavailable,
                             waiting.what + " within " + std::to_string(options_.change_deadline.count()) + " ms");
        if (progress) waiting.result->set_value(std::move(*progress));
        return progress.has_value();
    });
}

void Core::end() {
    client_.close(clock_.advance());
    hand_back();
    for (Waiting& waiting : waiting_) waiting.result->set_value(closed_error());
    waiting_.clear();
}

}  // namespace ringkv::local
