// Many operations of one caller at once, with a bounded number outstanding.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "client/edge/runtime.hpp"

namespace ringkv {

// Runs operation(0) .. operation(count - 1) and waits for all; answer(i, outcome) makes each one's result.
template <class T>
std::vector<Result<T>> run_many(ClientRuntime& runtime, std::size_t count,
                                const std::function<Operation(std::size_t)>& operation,
                                Result<T> (*answer)(Result<Outcome>&&)) {
    constexpr std::size_t most_outstanding = 8192;
    constexpr std::size_t refill_below = most_outstanding / 2;
    if (runtime.on_own_thread()) return std::vector<Result<T>>(count, ClientRuntime::would_wait_for_itself());

    struct Shared {
        Result<T> (*answer)(Result<Outcome>&&);
        std::mutex mutex;
        std::condition_variable progress;
        std::size_t outstanding = 0;
        std::vector<std::optional<Result<T>>> results;
    } shared{.answer = answer, .mutex = {}, .progress = {}, .outstanding = 0, .results = {}};
    shared.results.resize(count);

    const Time deadline = runtime.deadline();
    std::size_t next = 0;
    std::unique_lock lock(shared.mutex);
    while (next < count || shared.outstanding > 0) {
        if (next < count && shared.outstanding <= refill_below) {
            std::vector<ClientRuntime::Call*> calls;
            for (; next < count && shared.outstanding < most_outstanding; ++next, ++shared.outstanding) {
                calls.push_back(ClientRuntime::new_call(operation(next), deadline,
                                                        [&shared, index = next](Result<Outcome>&& outcome) {
                                                            Result<T> result = shared.answer(std::move(outcome));
                                                            const std::lock_guard guard(shared.mutex);
                                                            shared.results[index].emplace(std::move(result));
                                                            const std::size_t left = --shared.outstanding;
                                                            if (left == 0 || left == refill_below)
                                                                shared.progress.notify_one();
                                                        }));
            }
            lock.unlock();
            runtime.start(calls);
            lock.lock();
        }
        const std::size_t enough = next < count ? refill_below : 0;
        shared.progress.wait(lock, [&] { return shared.outstanding <= enough; });
    }
    std::vector<Result<T>> results;
    results.reserve(count);
    for (std::optional<Result<T>>& result : shared.results) results.push_back(std::move(*result));
    return results;
}

}  // namespace ringkv
