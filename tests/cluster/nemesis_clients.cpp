#include "tests/cluster/nemesis_clients.hpp"

#include <utility>

namespace ringkv::testing {

using linearizability::Call;
using linearizability::History;
using linearizability::Kind;
using linearizability::Outcome;

struct RecordedLoad::Key {
    std::string name;
    std::mutex mutex;
    History history;
    std::size_t begun = 0;  // calls; those above the history's size are under way
    Version version = 0;    // that a client saw last: what conditions expect
};

struct RecordedLoad::Worker {
    std::uint32_t number = 0;
    std::mt19937_64 random;
    std::uint64_t values = 0;

    std::uint64_t below(std::uint64_t limit) {
        return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random);
    }
};

RecordedLoad::RecordedLoad(RecordedLoadOptions options, Judge& judge) : options_(std::move(options)), judge_(judge) {
    keys_.resize(options_.keys);
    for (unsigned number = 0; number < options_.clients; ++number) {
        auto worker = std::make_unique<Worker>();
        worker->number = number;
        worker->random.seed(options_.seed * 1000 + number);
        workers_.push_back(std::move(worker));
    }
    for (const auto& worker : workers_) threads_.emplace_back([this, &worker] { work(*worker); });
}

RecordedLoad::~RecordedLoad() {
    stop();
}

void RecordedLoad::stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

linearizability::Instant RecordedLoad::now() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start_).count();
}

void RecordedLoad::work(Worker& worker) {
    if (options_.on_thread) options_.on_thread();
    const bool elsewhere = !options_.launcher.empty() && worker.number % 4 >= 2;
    const auto& endpoints = options_.endpoints[worker.number % options_.endpoints.size()];
    const auto deadline = options_.deadlines[worker.number % options_.deadlines.size()];
    while (!stopping_) {
        const std::unique_ptr<Caller> caller =
            elsewhere ? connect_elsewhere(options_.launcher, endpoints, deadline) : connect_here(endpoints, deadline);
        // The node that it asked may be down: it asks again.
        if (!caller) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        for (unsigned calls = 0; caller && !stopping_ && calls < options_.calls_per_client; ++calls) {
            if (!call(worker, *caller)) break;
            std::this_thread::sleep_for(
                std::chrono::microseconds(worker.below(static_cast<std::uint64_t>(options_.pause.count()) + 1)));
        }
    }
}

std::shared_ptr<RecordedLoad::Key> RecordedLoad::take_key(Worker& worker) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Key>& slot = keys_[worker.below(keys_.size())];
    if (slot == nullptr) {
        slot = std::make_shared<Key>();
        slot->name = "k" + std::to_string(++keys_made_);
    }
    std::shared_ptr<Key> key = slot;
    const std::lock_guard key_lock(key->mutex);
    if (++key->begun == options_.calls_per_key) slot = nullptr;
    return key;
}

bool RecordedLoad::call(Worker& worker, Caller& caller) {
    const std::shared_ptr<Key> key = take_key(worker);
    Call call;
    call.client = worker.number;
    const std::uint64_t kind = worker.below(100);
    call.kind = kind < 45   ? Kind::get
                : kind < 65 ? Kind::put
                : kind < 85 ? Kind::compare_and_set
                : kind < 93 ? Kind::erase
                            : Kind::compare_and_erase;
    if (call.kind == Kind::put || call.kind == Kind::compare_and_set)
        call.value = key->name + "." + std::to_string(worker.number) + "." + std::to_string(++worker.values);
    if (call.kind == Kind::compare_and_set || call.kind == Kind::compare_and_erase) {
        const std::lock_guard lock(key->mutex);
        call.expected = key->version;
    }
    call.called = now();
    const bool goes_on = caller.perform(key->name, call);
    call.returned = call.outcome == Outcome::unknown ? linearizability::never : now();
    ++answered_;
    record(key, std::move(call));
    return goes_on;
}

void RecordedLoad::record(const std::shared_ptr<Key>& key, Call call) {
    History finished;
    {
        const std::lock_guard lock(key->mutex);
        const bool removed = call.kind == Kind::erase || call.kind == Kind::compare_and_erase;
        if (call.outcome == Outcome::done) key->version = removed ? 0 : call.version;
        if (call.outcome == Outcome::absent) key->version = 0;
        key->history.push_back(std::move(call));
        if (key->history.size() < options_.calls_per_key) return;
        finished = std::move(key->history);
    }
    judge_.judge(key->name, std::move(finished));
}

std::vector<std::string> RecordedLoad::finish(Client& client) {
    stop();
    std::vector<std::string> unread;
    for (const std::shared_ptr<Key>& key : keys_) {
        if (key == nullptr) continue;
        Call last;
        last.client = options_.clients;
        last.kind = Kind::get;
        last.called = now();
        const auto result = client.get(key->name);
        note_read(last, result);
        last.returned = now();
        if (!result) unread.push_back(key->name + " cannot be read: " + result.error().message());
        key->history.push_back(std::move(last));
        judge_.judge(key->name, std::move(key->history));
    }
    keys_.clear();
    return unread;
}

}  // namespace ringkv::testing
