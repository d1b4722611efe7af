#include "client/edge/runtime.hpp"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "common/check.hpp"
#include "common/edge/system/clock.hpp"

namespace ringkv {

namespace {

ClientOptions core_options(const Options& options) {
    ClientOptions core;
    for (const std::string& endpoint : options.registries)
        if (std::ranges::find(core.registries, endpoint) == core.registries.end()) core.registries.push_back(endpoint);
    core.contact.window = options.window;
    while (core.id.none()) core.id = ClientId(random_u64());
    return core;
}

// One result, awaited by one thread.
class Waiter {
  public:
    void set(Result<Outcome> result) {
        const std::lock_guard lock(mutex_);
        result_.emplace(std::move(result));
        // Under the lock: the waiting thread destroys this object as soon as it has the result.
        ready_.notify_one();
    }
    Result<Outcome> wait() {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return result_.has_value(); });
        return std::move(*result_);
    }

  private:
    std::mutex mutex_;
    std::condition_variable ready_;
    std::optional<Result<Outcome>> result_;
};

Error closed() {
    return {ErrorCode::closed, "the client is closed"};
}

}  // namespace

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
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    loop_.wake();
    thread_.join();
}

void ClientRuntime::start(Call call) {
    {
        const std::lock_guard lock(mutex_);
        if (!closing_) {
            calls_.push_back(std::move(call));
            if (calls_.size() > 1) return;  // the first call has woken the thread
            loop_.wake();
            return;
        }
    }
    call.done(closed());
}

void ClientRuntime::start(std::vector<Call> calls) {
    {
        const std::lock_guard lock(mutex_);
        if (!closing_) {
            const bool first = calls_.empty();
            calls_.insert(calls_.end(), std::make_move_iterator(calls.begin()), std::make_move_iterator(calls.end()));
            if (first && !calls_.empty()) loop_.wake();
            return;
        }
    }
    for (Call& call : calls) call.done(closed());
}

Result<Outcome> ClientRuntime::wait_for(Operation operation) {
    if (on_own_thread()) return would_wait_for_itself();
    Waiter waiter;
    start({std::move(operation), deadline(), [&waiter](Result<Outcome> result) { waiter.set(std::move(result)); }});
    return waiter.wait();
}

void ClientRuntime::inspect(const std::function<void(const RingCache&)>& read) {
    if (on_own_thread()) return read(actor_.cache());
    Waiter waiter;
    {
        const std::lock_guard lock(mutex_);
        if (closing_) return;
        inspections_.push_back([&] {
            read(actor_.cache());
            waiter.set(Outcome(MapOutcome()));
        });
    }
    loop_.wake();
    (void)waiter.wait();
}

Error ClientRuntime::would_wait_for_itself() {
    return {ErrorCode::invalid_argument,
            "a synchronous call in a callback of the same client would wait for itself; use the async_ one"};
}

Time ClientRuntime::deadline() const {
    return boot_time() + deadline_;
}

// Results of the messages that this turn has brought first: their callers wait, and may call again.
void ClientRuntime::turn(Time now) {
    hand_back();
    take_calls(now);
    hand_back();
}

void ClientRuntime::take_calls(Time now) {
    std::vector<std::function<void()>> inspections;
    bool closing = false;
    {
        const std::lock_guard lock(mutex_);
        taken_.swap(calls_);
        inspections.swap(inspections_);
        closing = closing_;
    }
    for (const auto& inspect_now : inspections) inspect_now();
    for (Call& call : taken_) {
        const OperationId id = actor_.submit(now, std::move(call.operation), call.deadline);
        waiting_.emplace(id.value(), std::move(call.done));
    }
    taken_.clear();
    if (closing) actor_.close(now);
}

void ClientRuntime::hand_back() {
    for (Completion& completion : actor_.take_completions()) {
        const auto found = waiting_.find(completion.id.value());
        RINGKV_CHECK(found != waiting_.end(), "an operation was completed twice");
        const Done done = std::move(found->second);
        waiting_.erase(found);
        done(std::move(completion.outcome));
    }
}

}  // namespace ringkv
