#include "common/edge/running/storage_thread.hpp"

#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {
namespace {

// A healthy disk takes milliseconds; what waits for a commit, a fail-over of the cluster, waits as long.
constexpr Duration slow = std::chrono::seconds(1);

}  // namespace

StorageThread::StorageThread(Storage& inner, std::function<void()> wake)
    : inner_(inner), wake_(std::move(wake)), durable_(inner.durable()), thread_([this] { run(); }) {}

StorageThread::~StorageThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    if (!durable_ && !told_) log(LogLevel::error, durable_.error().message());
}

Result<void> StorageThread::commit(BatchNumber number, StorageBatch batch) {
    {
        const std::lock_guard lock(mutex_);
        told_ = !durable_;
        if (!durable_) return durable_.error();
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

Result<BatchNumber> StorageThread::store(Waiting waiting) {
    const Time begun = boot_time();
    auto stored = inner_.commit(waiting.number, std::move(waiting.batch));
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
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        auto stored = store(std::move(next));
        lock.lock();
        durable_ = std::move(stored);
        lock.unlock();
        wake_();
        lock.lock();
    }
}

}  // namespace ringkv
