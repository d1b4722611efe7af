#include "client/edge/runtime.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "client/edge/calls.hpp"
#include "common/check.hpp"
#include "common/edge/system/clock.hpp"

namespace ringkv {

namespace {

ClientOptions core_options(const Options& options) {
    ClientOptions core;
    for (const std::string& endpoint : options.registries)
        if (std::ranges::find(core.registries, endpoint) == core.registries.end()) core.registries.push_back(endpoint);
    core.contact.window = options.window;
    core.rack = options.rack;
    while (core.id.none()) core.id = ClientId(random_u64());
    if (options.on_slow_call) {
        core.slow = options.slow_call;
        core.on_slow = [tell = options.on_slow_call, client = core.id](const SlowOperation& slow) {
            tell(calls::slow_call(client, slow));
        };
    }
    return core;
}

// Something that one thread awaits of another.
class Waiter {
  public:
    void finish() {
        const std::lock_guard lock(mutex_);
        finished_ = true;
        // Under the lock: the waiting thread destroys this object as soon as it sees that.
        changed_.notify_one();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return finished_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool finished_ = false;
};

class AwaitedCall final : public ClientRuntime::Call {
  public:
    using Call::Call;
    Result<Outcome> wait() {
        waiter_.wait();
        return std::move(*outcome_);
    }

  private:
    void done(Result<Outcome>&& outcome) override {
        outcome_.emplace(std::move(outcome));
        waiter_.finish();
    }

    std::optional<Result<Outcome>> outcome_;
    Waiter waiter_;
};

class Inspection final : public ClientRuntime::Task {
  public:
    Inspection(const ClientActor& actor, const std::function<void(const RingCache&)>& read)
        : actor_(actor), read_(read) {}
    void wait() { waiter_.wait(); }

  private:
    void run(ClientRuntime&) override {
        read_(actor_.cache());
        waiter_.finish();
    }
    void refuse() override { waiter_.finish(); }

    const ClientActor& actor_;
    const std::function<void(const RingCache&)>& read_;
    Waiter waiter_;
};

}  // namespace

void ClientRuntime::Call::run(ClientRuntime& runtime) {
    runtime.actor_.submit(runtime.now_, &operation, deadline, this);
}

void ClientRuntime::Call::refuse() {
    done(Error(ErrorCode::closed, "the client is closed"));
}

Result<std::unique_ptr<ClientRuntime>> ClientRuntime::open(const Options& options) {
    auto transport = Transport::open({});
    if (!transport) return transport.error();
    return std::unique_ptr<ClientRuntime>(new ClientRuntime(options, std::move(*transport)));
}

ClientRuntime::ClientRuntime(const Options& options, std::unique_ptr<Transport> transport)
    : deadline_(options.deadline),
      actor_(core_options(options), random_u64()),
      transport_(std::move(transport)),
      loop_(actor_, storage_, *transport_) {
    loop_.each_turn([this](Time now) { turn(now); });
    thread_ = std::thread([this] { RINGKV_CHECK(loop_.run(), "a client stores nothing, so storing cannot fail"); });
}

ClientRuntime::~ClientRuntime() {
    RINGKV_CHECK(!on_own_thread(), "a Client was destroyed in one of its own callbacks");
    closing_.store(true, std::memory_order_release);
    loop_.wake();
    thread_.join();
}

void ClientRuntime::start(std::span<Call* const> calls) {
    const std::vector<Task*> tasks(calls.begin(), calls.end());
    hand_over(std::span(tasks));
}

void ClientRuntime::hand_over(Task* task) {
    hand_over(std::span(&task, 1));
}

void ClientRuntime::hand_over(std::span<Task* const> tasks) {
    if (tasks.empty()) return;
    if (on_own_thread()) {
        for (Task* const task : tasks) actor_.finished() ? task->refuse() : task->run(*this);
        return;
    }
    switch (tasks_.put(tasks)) {
        case HandOverQueue<Task>::Put::quietly: return;
        case HandOverQueue<Task>::Put::wake_needed: return loop_.wake();
        case HandOverQueue<Task>::Put::refused:
            for (Task* const task : tasks) task->refuse();
    }
}

Result<Outcome> ClientRuntime::wait_for(Operation operation) {
    if (on_own_thread()) return would_wait_for_itself();
    AwaitedCall call(calls::awaited(std::move(operation)), deadline());
    start(&call);
    return call.wait();
}

void ClientRuntime::inspect(const std::function<void(const RingCache&)>& read) {
    if (on_own_thread()) return read(actor_.cache());
    Inspection inspection(actor_, read);
    hand_over(&inspection);
    inspection.wait();
}

Error ClientRuntime::would_wait_for_itself() {
    return {ErrorCode::invalid_argument,
            "a synchronous call in a callback of the same client would wait for itself; use the async_ one"};
}

Time ClientRuntime::deadline() const {
    return boot_time() + deadline_;
}

// Results of the messages that this turn has brought first: their callers wait, and may call again. What other threads
// hand over while this one is here needs no signal; should there be more after a second look, it waits for the next
// turn.
void ClientRuntime::turn(Time now) {
    now_ = now;
    const auto run = [this](Task& task) { task.run(*this); };
    hand_back();
    if (closing_.load(std::memory_order_acquire)) {
        tasks_.close(run);
        actor_.close(now);
        return hand_back();
    }
    constexpr int looks = 2;
    bool idle = false;
    for (int look = 0; look < looks && !idle; ++look) {
        tasks_.take(run);
        hand_back();
        idle = tasks_.sleep();
    }
    if (!idle || actor_.has_completions()) loop_.wake();
}

void ClientRuntime::hand_back() {
    for (Completion& completion : actor_.take_completions())
        static_cast<Call*>(completion.context)->done(std::move(completion.outcome));
}

}  // namespace ringkv
