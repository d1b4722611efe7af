#include "common/edge/running/storage_thread.hpp"

#include <iterator>
#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {
namespace {

// A healthy disk takes milliseconds; what waits for a commit, a fail-over of the cluster, waits as long.
constexpr Duration slow = std::chrono::seconds(1);
// An operator makes room within minutes: a moment more does not matter, nor do a few failing writes a second.
constexpr std::chrono::milliseconds between_attempts(200);
constexpr Duration between_complaints = std::chrono::seconds(1);
// Records that go on as one, unless a single batch has more. A sync costs as much as encoding some hundreds.
constexpr std::size_t most_gathered = 8192;

}  // namespace

StorageThread::StorageThread(Storage& inner, std::function<void()> wake)
    : inner_(inner), wake_(std::move(wake)), durable_(inner.durable()), thread_([this, name = log_name()] {
          const NamedLog named(name);
          run();
      }) {}

StorageThread::~StorageThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    if (!durable_ && !told_) log(LogLevel::error, durable_.error().message());
}

Result<void> StorageThread::commit(BatchNumber number, StorageBatch&& batch) {
    {
        const std::lock_guard lock(mutex_);
        told_ = !durable_;
        if (!durable_) return durable_.error();
        if (stopping_) return {};  // abandoned
        waiting_.push_back({number, std::move(batch)});
    }
    changed_.notify_one();
    return {};
}

Result<BatchNumber> StorageThread::durable() const {
    const std::lock_guard lock(mutex_);
    told_ = !durable_;
    return durable_;
}

std::optional<Time> StorageThread::busy_since() const {
    const std::lock_guard lock(mutex_);
    return busy_since_;
}

StorageThread::Waiting StorageThread::gather() {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    while (!waiting_.empty() && next.batch.size() + waiting_.front().batch.size() <= most_gathered) {
        Waiting& more = waiting_.front();
        next.number = more.number;
        next.batch.insert(next.batch.end(), std::make_move_iterator(more.batch.begin()),
                          std::make_move_iterator(more.batch.end()));
        waiting_.pop_front();
    }
    return next;
}

StorageThread::Figures StorageThread::figures() const {
    const std::lock_guard lock(mutex_);
    return {commits_, waiting_.size()};
}

void StorageThread::pause() {
    const std::lock_guard lock(mutex_);
    paused_ = true;
}

void StorageThread::resume() {
    {
        const std::lock_guard lock(mutex_);
        paused_ = false;
    }
    changed_.notify_one();
}

void StorageThread::abandon() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        waiting_.clear();
    }
    changed_.notify_one();
}

bool StorageThread::await_attempt() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, between_attempts, [this] { return stopping_; });
    changed_.wait(lock, [this] { return stopping_ || !paused_; });
    return !stopping_;
}

Result<BatchNumber> StorageThread::store(Waiting& waiting) {
    const Time begun = boot_time();
    auto stored = inner_.commit(waiting.number, std::move(waiting.batch));
    while (!stored && stored.error().code() == ErrorCode::unavailable) {
        if (const Time now = boot_time(); now - complained_at_ >= between_complaints) {
            complained_at_ = now;
            log(LogLevel::error, stored.error().message(), {{"batch", std::to_string(waiting.number.value())}});
        }
        if (!await_attempt()) return stored.error();
        // It was not moved: NOLINTNEXTLINE(bugprone-use-after-move)
        stored = inner_.commit(waiting.number, std::move(waiting.batch));
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(boot_time() - begun);
    if (took > slow)
        log(LogLevel::warning, "the disk is slow: a commit took " + std::to_string(took.count()) + " ms",
            {{"batch", std::to_string(waiting.number.value())}});
    if (!stored) return stored.error();
    return inner_.durable();
}

void StorageThread::run() {
    std::unique_lock lock(mutex_);
    // Nothing is stored after an error: whether the failed batch is on the disk is unknown (D3).
    while (durable_) {
        changed_.wait(lock, [this] { return stopping_ || (!paused_ && !waiting_.empty()); });
        if (waiting_.empty()) return;
        Waiting next = gather();
        busy_since_ = boot_time();
        lock.unlock();
        auto stored = store(next);
        lock.lock();
        if (stored) commits_.add(boot_time() - *busy_since_);
        busy_since_.reset();
        durable_ = std::move(stored);
        lock.unlock();
        wake_();
        lock.lock();
    }
}

}  // namespace ringkv
