// Load for RingKV: one Client of the library, as a program would use it, asynchronous; what is next is asked in the
// callback of the answer. One thread of the client's own, and ZeroMQ's. --endpoints: the registry's.
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <ringkv/client.hpp>
#include <thread>

#include "tests/benchmarks/load/load.hpp"

namespace {

using namespace ringkv;
using namespace ringkv::benchmarks;

constexpr std::chrono::seconds patience(60);

// Waits until every partition has all its copies. -> why it has not.
std::optional<std::string> wait_until_whole(Client& client) {
    const auto deadline = Load::Clock::now() + patience;
    for (std::string health = "unknown"; health != "ok"; std::this_thread::sleep_for(std::chrono::milliseconds(20))) {
        if (Load::Clock::now() > deadline) return "the cluster is not whole: " + health;
        if (const auto status = client.status()) health = status->health;
    }
    return {};
}

// Callbacks come on the client's thread alone, one at a time; so after start() all is done there.
class Loop {
  public:
    Loop(Client& client, const LoadOptions& options) : client_(client), options_(options), load_(options) {}

    // -> what went wrong.
    std::optional<std::string> run() {
        {
            // No callback gets into the middle of this.
            const std::lock_guard lock(mutex_);
            for (std::uint64_t i = 0; i < options_.outstanding; ++i) ask();
        }
        std::unique_lock lock(mutex_);
        ended_.wait(lock, [this] { return running_ == 0; });
        if (!failure_) load_.print();
        return failure_;
    }

  private:
    void ask() {
        const auto key = failure_ ? std::nullopt : load_.next_key();
        if (!key) return;
        ++running_;
        const auto asked = Load::Clock::now();
        if (options_.writes()) {
            client_.async_put(*key, load_.value(), [this, asked](const Result<Version>& done) {
                answered(asked, done ? std::nullopt : std::optional(done.error().message()));
            });
        } else {
            client_.async_get(*key, [this, asked](const Result<std::optional<VersionedValue>>& found) {
                if (!found) return answered(asked, found.error().message());
                const bool right = *found && (*found)->value.size() == load_.value().size();
                answered(asked, right ? std::nullopt : std::optional<std::string>("a value is not as it was written"));
            });
        }
    }

    void answered(Load::Clock::time_point asked, std::optional<std::string> failure) {
        const std::lock_guard lock(mutex_);
        if (failure && !failure_) failure_ = std::move(failure);
        load_.answered(asked, Load::Clock::now());
        --running_;
        ask();
        if (running_ == 0) ended_.notify_one();
    }

    Client& client_;
    const LoadOptions& options_;
    std::mutex mutex_;  // of all below; taken by one thread at a time but for the start and the end
    std::condition_variable ended_;
    Load load_;
    std::uint64_t running_ = 0;
    std::optional<std::string> failure_;
};

}  // namespace

int main(int argc, char** argv) {
    const LoadOptions options = load_options(argc, argv, "Load for RingKV, by its client library");
    auto client = Client::connect({.registries = options.endpoints, .deadline = patience});
    if (!client) {
        std::cerr << "ringkv_load: " << client.error().message() << '\n';
        return 1;
    }
    auto failure = wait_until_whole(*client);
    if (!failure) failure = Loop(*client, options).run();
    if (!failure) return 0;
    std::cerr << "ringkv_load: " << *failure << '\n';
    return 1;
}
