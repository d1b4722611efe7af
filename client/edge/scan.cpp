#include "client/edge/scan.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>

namespace ringkv {

namespace {

constexpr std::size_t partitions_ahead = 64;
// Parts of one partition that wait to be handed out; beyond it the next one is not asked for yet.
constexpr std::size_t parts_ahead = 2;

// What the runtime's thread brings. Shared with it: the caller may leave early, by a false or an exception.
struct Arrivals {
    std::mutex mutex;
    std::condition_variable arrived;
    std::map<std::uint32_t, std::deque<Result<Outcome>>> parts;  // by partition
};

// One partition, on the caller's side.
struct Reading {
    std::optional<std::string> after;
    std::deque<ScanOutcome> parts;
    bool asked = false;
    bool done = false;
};

class Scanner {
  public:
    Scanner(ClientRuntime& runtime, std::string_view prefix, const ScanOptions& options,
            const std::optional<StaleRead>& stale, std::uint32_t partitions)
        : runtime_(runtime), prefix_(prefix), options_(options), stale_(stale), partitions_(partitions) {}

    Result<std::size_t> run(const std::function<bool(const KeyValue&)>& each);

  private:
    void ask();
    [[nodiscard]] Result<void> wait();
    [[nodiscard]] bool hand_out(ScanOutcome& part, const std::function<bool(const KeyValue&)>& each);

    ClientRuntime& runtime_;
    const std::string prefix_;
    const ScanOptions options_;
    const std::optional<StaleRead> stale_;
    const std::uint32_t partitions_;
    std::shared_ptr<Arrivals> arrivals_ = std::make_shared<Arrivals>();
    std::map<std::uint32_t, Reading> readings_;
    std::uint32_t first_ = 0;  // being handed out
    std::size_t given_ = 0;
};

// Every partition within reach that has nothing under way, and not too much to hand out, reads on.
void Scanner::ask() {
    std::vector<ClientRuntime::Call*> calls;
    const auto end = static_cast<std::uint32_t>(std::min<std::size_t>(partitions_, first_ + partitions_ahead));
    for (std::uint32_t p = first_; p < end; ++p) {
        Reading& reading = readings_[p];
        if (reading.asked || reading.done || reading.parts.size() >= parts_ahead) continue;
        reading.asked = true;
        ScanOperation step{.partition = PartitionId(p),
                           .prefix = prefix_,
                           .after = reading.after,
                           .limit = 0,
                           .keys_only = options_.keys_only,
                           .stale = stale_};
        if (options_.limit > 0)
            step.limit = static_cast<std::uint32_t>(std::min<std::size_t>(options_.limit - given_, UINT32_MAX));
        calls.push_back(ClientRuntime::new_call(std::move(step), runtime_.deadline(),
                                                [arrivals = arrivals_, p](Result<Outcome>&& outcome) {
                                                    const std::lock_guard lock(arrivals->mutex);
                                                    arrivals->parts[p].push_back(std::move(outcome));
                                                    arrivals->arrived.notify_one();
                                                }));
    }
    runtime_.start(calls);
}

Result<void> Scanner::wait() {
    std::map<std::uint32_t, std::deque<Result<Outcome>>> parts;
    {
        std::unique_lock lock(arrivals_->mutex);
        arrivals_->arrived.wait(lock, [this] { return !arrivals_->parts.empty(); });
        parts.swap(arrivals_->parts);
    }
    for (auto& [partition, results] : parts) {
        Reading& reading = readings_[partition];
        for (Result<Outcome>& result : results) {
            if (!result) return result.error();
            ScanOutcome& part = std::get<ScanOutcome>(*result);
            reading.asked = false;
            reading.done = !part.more;
            if (part.more) reading.after = part.records.back().key;
            reading.parts.push_back(std::move(part));
        }
    }
    return {};
}

// False: enough.
bool Scanner::hand_out(ScanOutcome& part, const std::function<bool(const KeyValue&)>& each) {
    const auto age = std::chrono::ceil<std::chrono::milliseconds>(part.age);
    for (KeyRecord& record : part.records) {
        ++given_;
        if (!each({std::move(record.key), std::move(record.value), record.version.value(), age})) return false;
        if (options_.limit > 0 && given_ == options_.limit) return false;
    }
    return true;
}

Result<std::size_t> Scanner::run(const std::function<bool(const KeyValue&)>& each) {
    while (first_ < partitions_) {
        ask();
        Reading& reading = readings_[first_];
        if (!reading.parts.empty()) {
            ScanOutcome part = std::move(reading.parts.front());
            reading.parts.pop_front();
            if (!hand_out(part, each)) return given_;
        } else if (reading.done) {
            readings_.erase(first_++);
        } else if (auto more = wait(); !more) {
            return more.error();
        }
    }
    return given_;
}

}  // namespace

Result<std::size_t> run_scan(ClientRuntime& runtime, std::string_view prefix, const ScanOptions& options,
                             const std::optional<StaleRead>& stale, const std::function<bool(const KeyValue&)>& each) {
    if (runtime.on_own_thread()) return ClientRuntime::would_wait_for_itself();
    std::uint32_t partitions = 0;
    runtime.inspect([&](const RingCache& cache) { partitions = cache.partitions(); });
    return Scanner(runtime, prefix, options, stale, partitions).run(each);
}

}  // namespace ringkv
