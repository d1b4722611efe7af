// A counter that several programs increment at once:  counter tcp://127.0.0.1:7400 [INCREMENTS] [THREADS]
//
// Read the value, change it, write it back with compare_and_set: it is written only if no other write came in
// between; otherwise begin again. That alone counts right while every call is answered.
//
// But a call may end with "outcome unknown": the deadline passed, and the write was applied, or was not, or will be in
// a moment. To count again might count twice; not to count again might miss one. The way out is to read, and to learn
// from the value whether the write is in it. A bare number cannot tell: another writer may have made it grow. So the
// value says how often *each* writer has incremented ("a3f1=2 c07e=5"), and the counter is the sum. Only a writer
// itself changes its own entry, and so it can see what has become of its own increment.
//
// A write of unknown outcome that is still on its way does no harm: it names the version that it expects, and as soon
// as any other write has succeeded the key has a newer one.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <ringkv/client.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using ringkv::Client;
using ringkv::Error;
using ringkv::ErrorCode;
using ringkv::Result;

constexpr std::chrono::seconds patience{30};

class Counter {
  public:
    // `writer` must be unique, among threads, programs and their restarts.
    Counter(Client& client, std::string key, std::string writer)
        : client_(client), key_(std::move(key)), writer_(std::move(writer)) {}

    // Counts once, exactly. An error: as that of a put(); outcome_unknown if this increment may have been counted.
    Result<void> increment();
    // How often an outcome was unknown, and had to be learned.
    [[nodiscard]] int unknown() const { return unknown_; }

    static std::uint64_t sum(const std::string& text);

  private:
    using Tally = std::map<std::string, std::uint64_t>;  // by writer
    static Tally parse(const std::string& text);
    static std::string print(const Tally& tally);

    Client& client_;
    std::string key_;
    std::string writer_;
    std::uint64_t counted_ = 0;  // own increments that are known to be in the value
    int unknown_ = 0;
};

Result<void> Counter::increment() {
    const auto end = std::chrono::steady_clock::now() + patience;
    bool maybe_counted = false;
    std::optional<Error> failed;
    while (std::chrono::steady_clock::now() < end) {
        const auto found = client_.get(key_);
        if (!found) {
            failed = found.error();
            continue;  // try again: get() has waited for the client's deadline already
        }
        Tally tally = *found ? parse((*found)->value) : Tally{};
        if (tally[writer_] > counted_) {  // an attempt whose outcome was unknown was applied
            ++counted_;
            return {};
        }
        ++tally[writer_];
        const auto version = client_.compare_and_set(key_, *found ? (*found)->version : 0, print(tally));
        if (version) {
            ++counted_;
            return {};
        }
        if (version.error().code() == ErrorCode::invalid_argument) return version.error();  // it would be so again
        // Whatever else it was: read again, and see. (condition_failed: another writer was faster.)
        maybe_counted = maybe_counted || version.error().maybe_applied();
        if (version.error().maybe_applied()) ++unknown_;
        failed = version.error();
    }
    if (maybe_counted) return Error(ErrorCode::outcome_unknown, "it may have been counted: " + failed->message());
    return *failed;
}

Counter::Tally Counter::parse(const std::string& text) {
    Tally tally;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        const std::size_t equals = word.find('=');
        tally[word.substr(0, equals)] = std::strtoull(word.c_str() + equals + 1, nullptr, 10);
    }
    return tally;
}

std::string Counter::print(const Tally& tally) {
    std::string text;
    for (const auto& [writer, count] : tally) text += writer + '=' + std::to_string(count) + ' ';
    return text;
}

std::uint64_t Counter::sum(const std::string& text) {
    std::uint64_t sum = 0;
    for (const auto& [writer, count] : parse(text)) sum += count;
    return sum;
}

}  // namespace

int main(int count, char** arguments) {
    const std::string registry = count > 1 ? arguments[1] : "tcp://127.0.0.1:7400";
    const int increments = count > 2 ? std::atoi(arguments[2]) : 100;
    const int threads = count > 3 ? std::atoi(arguments[3]) : 4;

    // A short deadline, for this shows what is to be done when it passes.
    auto client = Client::connect({.registries = {registry}, .deadline = std::chrono::milliseconds(500)});
    if (!client) {
        std::cerr << client.error() << '\n';
        return 1;
    }

    std::random_device random;
    const std::string run = std::to_string(random()) + std::to_string(random());
    std::vector<Counter> counters;
    counters.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) counters.emplace_back(*client, "counter", run + "." + std::to_string(i));

    std::vector<int> done(counters.size());
    std::vector<std::thread> workers;
    workers.reserve(counters.size());
    for (std::size_t i = 0; i < counters.size(); ++i)
        workers.emplace_back([&, i] {
            for (int n = 0; n < increments; ++n)
                if (auto counted = counters[i].increment())
                    ++done[i];
                else
                    std::cerr << counted.error() << '\n';
        });
    int total = 0, unknown = 0;
    for (std::size_t i = 0; i < counters.size(); ++i) {
        workers[i].join();
        total += done[i];
        unknown += counters[i].unknown();
    }

    const auto found = client->get("counter");
    if (!found || !*found) {
        std::cerr << "the counter cannot be read\n";
        return 1;
    }
    std::cout << "counted " << total << " times, " << unknown << " outcomes were unknown at first; the counter is "
              << Counter::sum((*found)->value) << '\n';
    return total == increments * threads ? 0 : 1;
}
