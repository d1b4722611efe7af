#include "tests/linearizability/evidence.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "common/check.hpp"
#include "tests/linearizability/checker.hpp"

namespace ringkv::linearizability {

namespace {

bool writes_value(const Call& call) {
    return call.kind == Kind::put || call.kind == Kind::compare_and_set;
}

bool conditional(Kind kind) {
    return kind == Kind::compare_and_set || kind == Kind::compare_and_erase;
}

bool possible(const Call& call) {
    if (call.outcome == Outcome::absent) return call.kind != Kind::put && call.kind != Kind::compare_and_set;
    if (call.outcome == Outcome::condition_failed) return conditional(call.kind);
    return true;
}

void check_form(const Call& call) {
    RINGKV_CHECK(call.outcome == Outcome::unknown || call.called <= call.returned, "a return before its call");
}

// Whether it can be left out altogether: it says nothing, and changes nothing.
bool says_nothing(const Call& call) {
    return call.outcome == Outcome::not_applied || (call.outcome == Outcome::unknown && call.kind == Kind::get);
}

class Gatherer {
  public:
    explicit Gatherer(const History& history) : history_(history) {}

    Evidence gather() {
        find_writers();
        for (std::size_t i = 0; i < history_.size(); ++i) {
            if (possible(history_[i])) continue;
            contradict(i, "but such a call cannot end so: it was given the answer to another");
            return std::move(evidence_);
        }
        for (const std::size_t call : in_order_of_calls())
            if (!says_nothing(history_[call])) add_step(call);
        learn_from_reads();
        if (evidence_.contradiction.empty()) order_by_version();
        find_orphans();
        return std::move(evidence_);
    }

  private:
    [[nodiscard]] std::vector<std::size_t> in_order_of_calls() const {
        std::vector<std::size_t> order(history_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return history_[a].called < history_[b].called; });
        return order;
    }

    void find_writers() {
        for (std::size_t i = 0; i < history_.size(); ++i) {
            check_form(history_[i]);
            if (!writes_value(history_[i])) continue;
            const bool added = writers_.emplace(history_[i].value, i).second;
            RINGKV_CHECK(added, "a value that is written twice");
        }
    }

    void add_step(std::size_t i) {
        const Call& call = history_[i];
        Step step{.call = i, .kind = call.kind, .outcome = call.outcome, .found = call.found};
        step.expected = conditional(call.kind) ? call.expected : 0;
        step.called = call.called;
        step.returned = call.returned;
        if (call.outcome == Outcome::done) step.version = call.version;
        if (call.outcome == Outcome::unknown) {
            step.outcome = Outcome::done;
            step.optional = true;
            step.returned = never;
        }
        if (writes_value(call)) step.writer = i;
        step_of_[i] = evidence_.steps.size();
        evidence_.steps.push_back(step);
    }

    void contradict(std::size_t call, const std::string& why) {
        evidence_.contradiction = describe(history_[call]) + "\n  " + why;
    }

    // A read names its write, and tells its version.
    void learn_from_reads() {
        for (Step& read : evidence_.steps) {
            if (read.kind != Kind::get || read.outcome != Outcome::done) continue;
            const auto found = writers_.find(history_[read.call].value);
            if (found == writers_.end()) return contradict(read.call, "but no call wrote that value");
            read.writer = found->second;
            const Call& written = history_[read.writer];
            if (written.outcome != Outcome::done && written.outcome != Outcome::unknown)
                return contradict(read.call, "but the write of that value did not happen: " + describe(written));
            Step& write = evidence_.steps[step_of_.at(read.writer)];
            if (write.version == 0) write.version = read.version;
            if (read.version != 0 && read.version != write.version)
                return contradict(read.call, "but that value has version " + std::to_string(write.version) +
                                                 ", by its writer or by another read: " + describe(written));
            write.optional = false;
        }
    }

    void order_by_version() {
        for (std::size_t i = 0; i < evidence_.steps.size(); ++i) {
            const Step& step = evidence_.steps[i];
            if (!step.mutates() || step.version == 0) continue;
            const auto [place, added] = by_version_.emplace(step.version, i);
            if (!added) {
                const Step& other = evidence_.steps[place->second];
                return contradict(step.call, "but another write has that version: " + describe(history_[other.call]));
            }
        }
        for (const auto& [version, step] : by_version_) evidence_.versioned.push_back(step);
    }

    void find_orphans() {
        std::set<Version> orphans;
        for (const Step& step : evidence_.steps) {
            if (!step.conditional()) continue;
            for (const Version named : {step.expected, step.found.value_or(0)})
                if (named != 0 && !by_version_.contains(named)) orphans.insert(named);
        }
        evidence_.orphans.assign(orphans.begin(), orphans.end());
    }

    const History& history_;
    Evidence evidence_;
    std::map<std::string, std::size_t> writers_;  // value -> call
    std::map<std::size_t, std::size_t> step_of_;  // call -> step
    std::map<Version, std::size_t> by_version_;   // version -> step
};

}  // namespace

Evidence gather(const History& history) {
    return Gatherer(history).gather();
}

}  // namespace ringkv::linearizability
