#include "tests/cluster/load.hpp"

#include <algorithm>
#include <charconv>
#include <future>
#include <random>
#include <stdexcept>

namespace ringkv::testing {

namespace {

using namespace std::chrono_literals;
using Lock = std::lock_guard<std::mutex>;

// 0 if it is not a number: no client writes that.
std::uint64_t number_of(const std::string& text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::chrono::milliseconds between(Instant from, Instant to) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(to - from);
}

Client connect(const std::vector<std::string>& endpoints, std::chrono::milliseconds deadline) {
    Options options;
    options.registries = endpoints;
    options.deadline = deadline;
    auto client = Client::connect(options);
    if (!client) throw std::runtime_error("no client: " + client.error().message());
    return std::move(*client);
}

}  // namespace

// ---------------------------------------------------------------- KeyHistory

void KeyHistory::attempted(std::uint64_t value) {
    const Lock lock(mutex_);
    attempted_ = value;
}

void KeyHistory::acknowledged(std::uint64_t value, Version version, Instant now) {
    const Lock lock(mutex_);
    record_version(value, version);
    acknowledged_ = value;
    if (last_ack_ != Instant{}) longest_gap_ = std::max(longest_gap_, between(last_ack_, now));
    last_ack_ = now;
}

void KeyHistory::refused(std::uint64_t value) {
    const Lock lock(mutex_);
    refused_[value] = true;
    if (versions_.contains(value)) violation("value " + std::to_string(value) + " was read, then refused");
}

std::uint64_t KeyHistory::oldest_allowed() const {
    const Lock lock(mutex_);
    return std::max(acknowledged_, seen_);
}

void KeyHistory::was_read(std::uint64_t value, Version version, std::uint64_t oldest_allowed) {
    const Lock lock(mutex_);
    if (value < oldest_allowed) violation("read " + std::to_string(value) + " after " + std::to_string(oldest_allowed));
    if (value > attempted_) violation("read " + std::to_string(value) + ", which was never written");
    if (refused_.contains(value)) violation("read " + std::to_string(value) + ", which was refused");
    if (value != 0) record_version(value, version);
    seen_ = std::max(seen_, value);
}

// Two versions of one value: it was written twice. Versions that fall while values grow: it was
// written over a newer one.
void KeyHistory::record_version(std::uint64_t value, Version version) {
    const auto [place, added] = versions_.emplace(value, version);
    if (!added && place->second != version)
        violation("value " + std::to_string(value) + " has version " + std::to_string(place->second) + " and " +
                  std::to_string(version));
    if (place != versions_.begin() && std::prev(place)->second >= version)
        violation("value " + std::to_string(value) + " has version " + std::to_string(version) +
                  ", not above that of an older value");
    if (std::next(place) != versions_.end() && std::next(place)->second <= version)
        violation("value " + std::to_string(value) + " has version " + std::to_string(version) +
                  ", not below that of a newer value");
}

void KeyHistory::violation(const std::string& what) {
    if (violations_.size() < 10) violations_.push_back(key_ + ": " + what);
}

void KeyHistory::measure(Instant now) {
    const Lock lock(mutex_);
    if (last_ack_ == Instant{}) last_ack_ = now;
    longest_gap_ = 0ms;
}

std::chrono::milliseconds KeyHistory::longest_gap(Instant now) const {
    const Lock lock(mutex_);
    return last_ack_ == Instant{} ? longest_gap_ : std::max(longest_gap_, between(last_ack_, now));
}

bool KeyHistory::written_since(Instant then) const {
    const Lock lock(mutex_);
    return last_ack_ > then;
}

std::vector<std::string> KeyHistory::violations() const {
    const Lock lock(mutex_);
    return violations_;
}

std::string LoadReport::summary() const {
    std::string text = std::to_string(acknowledged) + " writes acknowledged on " + std::to_string(keys) + " keys, " +
                       std::to_string(reads) + " reads; " + std::to_string(unknown) + " unknown, " +
                       std::to_string(refused) + " refused, " + std::to_string(failed_reads) + " reads failed";
    if (!last_error.empty()) text += "; last error: " + last_error;
    for (const std::string& violation : violations) text += "\n  " + violation;
    return text;
}

// ---------------------------------------------------------------- Load

// One key, and what is under way for it: nothing, a write, or a read after an unknown outcome.
struct Load::Chain {
    KeyHistory& history;
    const bool conditional;  // written with compare_and_set only
    std::uint64_t value = 0;
    Version version = 0;  // that the key has, as far as this chain knows
    bool version_known = true;
    bool doubtful = false;  // an unknown outcome may still come true, until a newer write is acknowledged
    bool idle = true;
    std::future<Result<Version>> writing;
    std::future<Result<std::optional<VersionedValue>>> reading;
};

Load::Load(LoadOptions options) : options_(std::move(options)) {
    for (unsigned client = 0; client < options_.clients; ++client)
        for (unsigned key = 0; key < options_.keys_per_client; ++key)
            histories_.push_back(
                std::make_unique<KeyHistory>(options_.prefix + std::to_string(client) + "/" + std::to_string(key)));
    clients_.reserve(options_.clients + options_.readers);
    for (unsigned number = 0; number < options_.clients + options_.readers; ++number)
        clients_.push_back(connect(options_.endpoints, options_.deadline));
    for (unsigned client = 0; client < options_.clients; ++client)
        threads_.emplace_back([this, client] { write(client); });
    for (unsigned reader = 0; reader < options_.readers; ++reader)
        threads_.emplace_back([this, reader] { read(reader); });
}

Load::~Load() {
    stop();
}

void Load::stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void Load::write(unsigned number) {
    Client& client = clients_[number];
    std::vector<Chain> chains;
    chains.reserve(options_.keys_per_client);
    for (unsigned key = 0; key < options_.keys_per_client; ++key)
        chains.push_back(
            Chain{*histories_[number * options_.keys_per_client + key], key % 2 == 1, 0, 0, true, false, true, {}, {}});
    for (bool busy = true; busy;) {
        busy = false;
        for (Chain& chain : chains) busy = advance(client, chain) || busy;
        if (busy) std::this_thread::sleep_for(options_.pause);
    }
}

bool Load::advance(Client& client, Chain& chain) {
    const auto arrived = [](auto& future) {
        return future.valid() && future.wait_for(0s) == std::future_status::ready;
    };
    if (arrived(chain.writing)) finish_write(chain, chain.writing.get());
    if (arrived(chain.reading)) finish_read(chain, chain.reading.get());
    if (chain.idle && !stopping_) {
        chain.idle = false;
        if (chain.version_known)
            start_write(client, chain);
        else
            chain.reading = client.async_get(chain.history.key());
    }
    return !chain.idle || !stopping_;
}

void Load::start_write(Client& client, Chain& chain) {
    const std::string text = std::to_string(++chain.value);
    chain.history.attempted(chain.value);
    chain.writing = chain.conditional ? client.async_compare_and_set(chain.history.key(), chain.version, text)
                                      : client.async_put(chain.history.key(), text);
}

void Load::finish_write(Chain& chain, const Result<Version>& result) {
    chain.idle = true;
    if (result) {
        chain.version = *result;
        chain.doubtful = false;
        chain.history.acknowledged(chain.value, *result, std::chrono::steady_clock::now());
        ++counters_.acknowledged;
        return;
    }
    note_error(result.error());
    if (result.error().maybe_applied()) {
        chain.version_known = !chain.conditional;
        chain.doubtful = true;
        ++counters_.unknown;
        return;
    }
    // Only this chain writes the key, and it knew the version.
    if (result.error().code() == ErrorCode::condition_failed && !chain.doubtful)
        note_violation(chain.history.key() + ": compare_and_set to " + std::to_string(chain.value) +
                       " found another version than the one acknowledged: " + result.error().message());
    chain.history.refused(chain.value);
    chain.version_known = !chain.conditional;
    ++counters_.refused;
}

void Load::finish_read(Chain& chain, const Result<std::optional<VersionedValue>>& result) {
    chain.idle = true;
    if (!result) {
        note_error(result.error());
        ++counters_.failed_reads;
        return;
    }
    chain.version = *result ? (*result)->version : 0;
    chain.version_known = true;
}

void Load::read(unsigned number) {
    Client& client = clients_[options_.clients + number];
    std::mt19937 random{number};
    std::uniform_int_distribution<std::size_t> any(0, histories_.size() - 1);
    while (!stopping_) {
        KeyHistory& history = *histories_[any(random)];
        const std::uint64_t oldest_allowed = history.oldest_allowed();
        const auto result = client.get(history.key());
        if (!result) {
            note_error(result.error());
            ++counters_.failed_reads;
            continue;
        }
        ++counters_.reads;
        const auto& found = *result;
        history.was_read(found ? number_of(found->value) : 0, found ? found->version : 0, oldest_allowed);
    }
}

void Load::note_error(const Error& error) {
    const Lock lock(mutex_);
    last_error_ = error.message();
}

void Load::note_violation(const std::string& what) {
    const Lock lock(mutex_);
    if (violations_.size() < 10) violations_.push_back(what);
}

void Load::measure() {
    const Instant now = std::chrono::steady_clock::now();
    for (const auto& history : histories_) history->measure(now);
}

bool Load::every_key_written(std::chrono::milliseconds deadline) {
    const Instant begin = std::chrono::steady_clock::now();
    const auto written = [&](const auto& history) { return history->written_since(begin); };
    while (!std::all_of(histories_.begin(), histories_.end(), written)) {
        if (std::chrono::steady_clock::now() >= begin + deadline) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

std::map<std::string, std::chrono::milliseconds> Load::gaps() const {
    const Instant now = std::chrono::steady_clock::now();
    std::map<std::string, std::chrono::milliseconds> gaps;
    for (const auto& history : histories_) gaps[history->key()] = history->longest_gap(now);
    return gaps;
}

std::vector<std::string> Load::keys() const {
    std::vector<std::string> keys;
    keys.reserve(histories_.size());
    for (const auto& history : histories_) keys.push_back(history->key());
    return keys;
}

LoadReport Load::verify(const std::vector<std::string>& endpoints) {
    stop();
    Client client = connect(endpoints, options_.deadline);
    LoadReport report;
    for (const auto& history : histories_) {
        const std::uint64_t oldest_allowed = history->oldest_allowed();
        const auto result = client.get(history->key());
        if (!result) {
            report.violations.push_back(history->key() + ": cannot be read: " + result.error().message());
        } else {
            const auto& found = *result;
            history->was_read(found ? number_of(found->value) : 0, found ? found->version : 0, oldest_allowed);
        }
        for (std::string& violation : history->violations()) report.violations.push_back(std::move(violation));
    }
    const Lock lock(mutex_);
    report.violations.insert(report.violations.end(), violations_.begin(), violations_.end());
    report.acknowledged = counters_.acknowledged;
    report.unknown = counters_.unknown;
    report.refused = counters_.refused;
    report.reads = counters_.reads;
    report.failed_reads = counters_.failed_reads;
    report.keys = histories_.size();
    report.last_error = last_error_;
    return report;
}

}  // namespace ringkv::testing
