#include "tests/benchmarks/paced_load.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

namespace ringkv::benchmarks {

namespace {

using Lock = std::lock_guard<std::mutex>;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

Client connect(const std::vector<std::string>& endpoints) {
    auto client = Client::connect({.registries = endpoints, .deadline = std::chrono::seconds(30)});
    if (!client) throw std::runtime_error("no client: " + client.error().message());
    return std::move(*client);
}

}  // namespace

double PacedLoad::Latencies::quantile(double q) const {
    if (microseconds.empty()) return 0;
    const auto last = static_cast<double>(microseconds.size() - 1);
    return microseconds[static_cast<std::size_t>(q * last)] / 1000.0;
}

PacedLoad::PacedLoad(std::vector<std::string> endpoints, Options options)
    : endpoints_(std::move(endpoints)), options_(options) {
    const std::size_t each = std::max(1U, options_.keys / options_.clients);
    for (unsigned number = 0; number < options_.clients; ++number) {
        writers_.push_back(std::make_unique<Writer>(connect(endpoints_), each));
        fill(number);
    }
    begin_phase();
    for (std::size_t number = 0; number < writers_.size(); ++number)
        threads_.emplace_back([this, number] { run(number); });
}

PacedLoad::~PacedLoad() {
    stop();
}

std::string PacedLoad::key(std::size_t writer, std::size_t index) const {
    return "moves/" + std::to_string(writer) + "/" + std::to_string(index);
}

std::string PacedLoad::value(const std::string& key, std::uint64_t number) const {
    std::string text = key + "=" + std::to_string(number) + ";";
    std::mt19937_64 bytes(std::hash<std::string>{}(text));
    while (text.size() < options_.value_bytes) text += static_cast<char>(bytes());
    return text;
}

void PacedLoad::fill(std::size_t writer) {
    constexpr std::size_t batch = 1000;
    Writer& mine = *writers_[writer];
    for (std::size_t first = 0; first < mine.counters.size(); first += batch) {
        std::vector<std::pair<std::string, std::string>> entries;
        for (std::size_t i = first; i < std::min(first + batch, mine.counters.size()); ++i)
            entries.emplace_back(key(writer, i), value(key(writer, i), 0));
        for (const auto& written : mine.client.put_many(entries))
            if (!written) throw std::runtime_error("cannot fill the cluster: " + written.error().message());
    }
}

void PacedLoad::begin_phase() {
    phase_begin_ = steady_clock::now();
    for (auto& writer : writers_) {
        const Lock lock(writer->mutex);
        writer->phase = {};
    }
}

PacedLoad::Latencies PacedLoad::end_phase() {
    Latencies all;
    all.seconds = std::chrono::duration<double>(steady_clock::now() - phase_begin_).count();
    for (auto& writer : writers_) {
        const Lock lock(writer->mutex);
        const auto& those = writer->phase.microseconds;
        all.microseconds.insert(all.microseconds.end(), those.begin(), those.end());
        all.failed += writer->phase.failed;
    }
    std::sort(all.microseconds.begin(), all.microseconds.end());
    return all;
}

void PacedLoad::run(std::size_t number) {
    Writer& writer = *writers_[number];
    const nanoseconds interval = nanoseconds(std::chrono::seconds(1)) * options_.clients / options_.rate;
    // The clients take turns, rather than all call at once.
    auto due = steady_clock::now() + interval * static_cast<long>(number) / static_cast<long>(options_.clients);
    for (std::uint64_t turn = 0; !stopping_; ++turn, due += interval) {
        std::this_thread::sleep_until(due);
        const bool well = call(writer, number, turn);
        const auto latency = duration_cast<microseconds>(steady_clock::now() - due).count();
        const Lock lock(writer.mutex);
        writer.phase.microseconds.push_back(static_cast<std::uint32_t>(latency));
        if (!well) ++writer.phase.failed;
    }
}

bool PacedLoad::call(Writer& writer, std::size_t number, std::uint64_t turn) {
    const std::size_t index = (turn * 7919) % writer.counters.size();
    const std::string name = key(number, index);
    if (turn % 2 == 0) {
        const auto written = writer.client.put(name, value(name, writer.counters[index] + 1));
        if (written || written.error().maybe_applied()) ++writer.counters[index];
        if (!written) trouble("put " + name + ": " + written.error().message());
        return written.has_value();
    }
    const auto found = writer.client.get(name);
    if (!found) {
        trouble("get " + name + ": " + found.error().message());
        return false;
    }
    const bool right = *found && (*found)->value == value(name, writer.counters[index]);
    if (!right) trouble("get " + name + ": not what was written");
    return right;
}

void PacedLoad::trouble(const std::string& what) {
    const Lock lock(mutex_);
    if (troubles_.size() < 10) troubles_.push_back(what);
}

std::vector<std::string> PacedLoad::troubles() const {
    const Lock lock(mutex_);
    return troubles_;
}

void PacedLoad::stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

std::size_t PacedLoad::wrong_at_the_end() {
    Client client = connect(endpoints_);
    std::size_t wrong = 0;
    for (std::size_t number = 0; number < writers_.size(); ++number) {
        std::vector<std::string> keys;
        for (std::size_t i = 0; i < writers_[number]->counters.size(); ++i) keys.push_back(key(number, i));
        const auto found = client.get_many(keys);
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (!found[i] || !*found[i] || (*found[i])->value != value(keys[i], writers_[number]->counters[i])) ++wrong;
    }
    return wrong;
}

}  // namespace ringkv::benchmarks
