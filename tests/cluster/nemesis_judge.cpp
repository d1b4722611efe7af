#include "tests/cluster/nemesis_judge.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <utility>

#include "tests/cluster/child_process.hpp"

namespace ringkv::testing {

namespace {

using linearizability::Call;
using linearizability::Kind;
using linearizability::Outcome;
using linearizability::Verdict;

constexpr std::array<const char*, kinds_of_calls> kind_names{"get", "put", "erase", "compare_and_set",
                                                             "compare_and_erase"};
constexpr std::array<const char*, kinds_of_outcomes> outcome_names{"done", "absent", "condition failed", "not applied",
                                                                   "unknown"};

template <class Enum>
constexpr std::size_t index(Enum of) {
    return static_cast<std::size_t>(of);
}

std::string listing(const std::string& key, linearizability::History history, const std::string& explanation) {
    std::stable_sort(history.begin(), history.end(), [](const Call& a, const Call& b) { return a.called < b.called; });
    std::string text = "key " + key + ", " + std::to_string(history.size()) +
                       " calls; times in microseconds since the start\n\n" + explanation + "\n\nEvery call:\n";
    for (const Call& call : history) text += "    " + linearizability::describe(call) + '\n';
    return text;
}

}  // namespace

std::uint64_t JudgeReport::total() const {
    std::uint64_t sum = 0;
    for (const auto& row : calls)
        for (const std::uint64_t count : row) sum += count;
    return sum;
}

std::uint64_t JudgeReport::with(Outcome outcome) const {
    std::uint64_t sum = 0;
    for (const auto& row : calls) sum += row[index(outcome)];
    return sum;
}

std::uint64_t JudgeReport::of(Kind kind) const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : calls[index(kind)]) sum += count;
    return sum;
}

double JudgeReport::unknown_share() const {
    const std::uint64_t writes = total() - of(Kind::get);
    return writes == 0 ? 0 : static_cast<double>(with(Outcome::unknown)) / static_cast<double>(writes);
}

std::string JudgeReport::summary() const {
    std::ostringstream text;
    text << std::left << std::setw(20) << "calls" << std::right;
    for (const char* name : outcome_names) text << std::setw(18) << name;
    text << '\n';
    for (std::size_t kind = 0; kind < kinds_of_calls; ++kind) {
        text << "  " << std::left << std::setw(18) << kind_names[kind] << std::right;
        for (const std::uint64_t count : calls[kind]) text << std::setw(18) << count;
        text << '\n';
    }
    text << total() << " calls; of the writes " << std::fixed << std::setprecision(2) << unknown_share() * 100
         << " % have an unknown outcome\n"
         << "histories: " << legal << " legal, " << illegal << " illegal, " << undecided << " undecided; longest "
         << longest << " calls, most configurations looked at " << most_configurations << '\n';
    return text.str();
}

Judge::Judge(std::filesystem::path directory) : directory_(std::move(directory)), thread_([this] { run(); }) {}

Judge::~Judge() {
    if (thread_.joinable()) finish();
}

void Judge::judge(std::string key, linearizability::History history) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(key), std::move(history)});
    arrived_.notify_one();
}

bool Judge::found_something() const {
    const std::lock_guard lock(mutex_);
    return !report_.findings.empty();
}

JudgeReport Judge::finish() {
    {
        const std::lock_guard lock(mutex_);
        finishing_ = true;
        arrived_.notify_one();
    }
    thread_.join();
    return report_;
}

void Judge::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        arrived_.wait(lock, [&] { return finishing_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const Case next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        decide(next);
        lock.lock();
    }
}

void Judge::decide(const Case& one) {
    const linearizability::Judgement judgement = linearizability::check(one.history);
    std::string finding;
    if (judgement.verdict != Verdict::legal) {
        const auto file = directory_ / ("history-" + one.key + ".txt");
        write_file(file, listing(one.key, one.history, judgement.explanation));
        finding = std::string(judgement.verdict == Verdict::illegal ? "illegal" : "undecided") + ": key " + one.key +
                  ", its history is in " + file.string() + '\n' + judgement.explanation;
    }
    const std::lock_guard lock(mutex_);
    for (const Call& call : one.history) ++report_.calls[index(call.kind)][index(call.outcome)];
    ++(judgement.verdict == Verdict::legal     ? report_.legal
       : judgement.verdict == Verdict::illegal ? report_.illegal
                                               : report_.undecided);
    report_.longest = std::max(report_.longest, one.history.size());
    report_.most_configurations = std::max(report_.most_configurations, judgement.configurations);
    if (!finding.empty()) report_.findings.push_back(std::move(finding));
}

}  // namespace ringkv::testing
