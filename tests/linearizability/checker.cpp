// The search walks through orders of the steps, depth first. A configuration is the set of steps ordered so
// far and the register they leave; one that was seen before is not looked at again.
//
// What keeps it small, and why nothing is missed:
//   - A step that fits and changes nothing comes next at once. Whatever order there is, moving it forward to
//     here keeps it right.
//   - Writes whose versions are known can happen in the order of those versions only.
//   - A write that no call saw (optional) is needed only to make a step fit that does not fit without it, and
//     so comes right before such a step: moved back to there, or left out, the order stays right. That step may be
//     another optional write, on a condition; but only if a version that is named nowhere else is to be had.
//   - Optional writes of one kind and condition differ only in when they were called: the earliest goes first.
#include "tests/linearizability/checker.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "tests/linearizability/evidence.hpp"
#include "tests/linearizability/register.hpp"

namespace ringkv::linearizability {

namespace {

using Bits = std::vector<std::uint64_t>;

struct Configuration {
    Bits ordered;  // by place in the steps
    Register now;

    [[nodiscard]] bool has(std::size_t i) const { return (ordered[i / 64] >> (i % 64) & 1U) != 0; }
    void add(std::size_t i) { ordered[i / 64] |= std::uint64_t{1} << (i % 64); }
    friend bool operator==(const Configuration&, const Configuration&) = default;
};

struct Hash {
    std::size_t operator()(const Configuration& of) const {
        std::uint64_t hash = 0;
        const auto mix = [&](std::uint64_t word) {
            hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
            hash ^= hash >> 32;
        };
        for (const std::uint64_t word : of.ordered) mix(word);
        mix(of.now.writer);
        mix(of.now.version);
        mix(of.now.last);
        return hash;
    }
};

// A step that may come next, and what it leaves.
struct Move {
    std::size_t step = 0;
    Register then;
};

// A configuration on the way from the root to where the search is.
struct Frame {
    Configuration at;
    std::vector<Move> moves;
    std::size_t next = 0;
    std::size_t path = 0;  // so long was the path when it was reached
};

class Search {
  public:
    Search(const History& history, const Evidence& evidence, std::size_t most)
        : history_(history), evidence_(evidence), steps_(evidence.steps), most_(most) {
        for (const Step& step : steps_) mandatory_ += step.optional ? 0U : 1U;
    }

    Judgement run();

  private:
    enum class Reached : std::uint8_t { open, seen_before, end };

    Reached enter(Configuration at);
    void settle(Configuration& at);
    [[nodiscard]] std::vector<std::size_t> candidates(const Configuration& at) const;
    [[nodiscard]] std::vector<Move> moves(const Configuration& at) const;
    void add_moves(const Configuration& at, std::size_t i, Version ceiling, std::vector<Move>& moves) const;
    [[nodiscard]] Version lowest_version(const Step& step, Version above) const;
    [[nodiscard]] bool orphan_between(Version above, Version below) const;
    [[nodiscard]] bool helps(const Register& before, const Register& then, const std::vector<std::size_t>& next,
                             bool chains) const;
    [[nodiscard]] std::size_t next_versioned(const Configuration& at) const;

    [[nodiscard]] std::string explain() const;
    [[nodiscard]] std::string objection(const Step& step) const;

    const History& history_;
    const Evidence& evidence_;
    const std::vector<Step>& steps_;
    const std::size_t most_;
    std::size_t mandatory_ = 0;

    std::unordered_set<Configuration, Hash> seen_;
    std::vector<Frame> frames_;
    std::vector<std::size_t> path_;
    std::size_t ordered_ = 0;  // mandatory steps on the path
    // Where most of them were ordered; for the report.
    std::size_t best_ordered_ = 0;
    std::vector<std::size_t> best_path_;
    Configuration best_;
};

// All steps that no other one which is still to come must precede, in order of their calls.
std::vector<std::size_t> Search::candidates(const Configuration& at) const {
    std::vector<std::size_t> found;
    Instant frontier = never;
    for (std::size_t i = 0; i < steps_.size() && steps_[i].called <= frontier; ++i) {
        if (at.has(i)) continue;
        found.push_back(i);
        if (!steps_[i].optional) frontier = std::min(frontier, steps_[i].returned);
    }
    std::erase_if(found, [&](std::size_t i) { return steps_[i].called > frontier; });
    return found;
}

// Orders everything that fits and changes nothing.
void Search::settle(Configuration& at) {
    for (bool changed = true; changed;) {
        changed = false;
        for (const std::size_t i : candidates(at)) {
            if (steps_[i].mutates() || !fits(steps_[i], at.now)) continue;
            at.add(i);
            path_.push_back(i);
            ++ordered_;
            changed = true;
        }
    }
}

std::size_t Search::next_versioned(const Configuration& at) const {
    const auto& order = evidence_.versioned;
    const auto next = std::partition_point(order.begin(), order.end(), [&](std::size_t i) { return at.has(i); });
    return next == order.end() ? no_call : *next;
}

// The lowest version that a write can have of which no answer told one; a value's is none that any call names.
Version Search::lowest_version(const Step& step, Version above) const {
    Version version = above + 1;
    if (step.writer == no_call) return version;
    while (std::binary_search(evidence_.orphans.begin(), evidence_.orphans.end(), version)) ++version;
    return version;
}

bool Search::orphan_between(Version above, Version below) const {
    const auto first = std::upper_bound(evidence_.orphans.begin(), evidence_.orphans.end(), above);
    return first != evidence_.orphans.end() && *first < below;
}

// Every version that the write can have, below that of the next one whose version is known.
void Search::add_moves(const Configuration& at, std::size_t i, Version ceiling, std::vector<Move>& moves) const {
    const Step& step = steps_[i];
    if (const Version lowest = lowest_version(step, at.now.last); lowest < ceiling)
        moves.push_back({i, after(step, at.now, anonymous, lowest)});
    if (step.writer == no_call) return;
    for (const Version orphan : evidence_.orphans)
        if (orphan > at.now.last && orphan < ceiling) moves.push_back({i, after(step, at.now, orphan, orphan)});
}

bool Search::helps(const Register& before, const Register& then, const std::vector<std::size_t>& next,
                   bool chains) const {
    return std::any_of(next.begin(), next.end(), [&](std::size_t i) {
        const bool matters = !steps_[i].optional || (chains && steps_[i].conditional());
        return matters && !fits(steps_[i], before) && fits(steps_[i], then);
    });
}

std::vector<Move> Search::moves(const Configuration& at) const {
    const std::size_t versioned = next_versioned(at);
    const Version ceiling = versioned == no_call ? anonymous : steps_[versioned].version;
    const std::vector<std::size_t> next = candidates(at);
    const bool chains = orphan_between(at.now.last, ceiling);
    std::vector<Move> certain;
    std::vector<Move> optional;
    std::vector<std::pair<Kind, Version>> tried;
    for (const std::size_t i : next) {
        const Step& step = steps_[i];
        if (!step.mutates() || !fits(step, at.now)) continue;
        if (step.version != 0) {
            if (i == versioned && step.version > at.now.last)
                certain.push_back({i, after(step, at.now, step.version, step.version)});
        } else if (!step.optional) {
            add_moves(at, i, ceiling, certain);
        } else if (const std::pair same{step.kind, step.expected};
                   std::find(tried.begin(), tried.end(), same) == tried.end()) {
            tried.push_back(same);
            add_moves(at, i, ceiling, optional);
        }
    }
    std::erase_if(optional, [&](const Move& move) { return !helps(at.now, move.then, next, chains); });
    certain.insert(certain.end(), optional.begin(), optional.end());
    return certain;
}

Search::Reached Search::enter(Configuration at) {
    const std::size_t path = path_.size();
    settle(at);
    if (ordered_ >= best_ordered_) {
        best_ordered_ = ordered_;
        best_path_ = path_;
        best_ = at;
    }
    if (ordered_ == mandatory_) return Reached::end;
    if (!seen_.insert(at).second) {
        frames_.push_back({std::move(at), {}, 0, path});  // to be left again
        return Reached::seen_before;
    }
    std::vector<Move> next = moves(at);
    frames_.push_back({std::move(at), std::move(next), 0, path});
    return Reached::open;
}

Judgement Search::run() {
    Reached reached = enter({Bits((steps_.size() + 63) / 64), {}});
    while (reached != Reached::end && !frames_.empty()) {
        if (seen_.size() > most_) return {Verdict::undecided, explain(), seen_.size()};
        Frame& top = frames_.back();
        if (top.next == top.moves.size()) {
            while (path_.size() > top.path) {
                ordered_ -= steps_[path_.back()].optional ? 0U : 1U;
                path_.pop_back();
            }
            frames_.pop_back();
            // The move that led here is undone with it.
            if (frames_.empty()) break;
            ordered_ -= steps_[path_.back()].optional ? 0U : 1U;
            path_.pop_back();
            continue;
        }
        const Move& move = top.moves[top.next++];
        Configuration then = top.at;
        then.add(move.step);
        then.now = move.then;
        path_.push_back(move.step);
        ordered_ += steps_[move.step].optional ? 0U : 1U;
        reached = enter(std::move(then));
    }
    if (reached == Reached::end) return {Verdict::legal, {}, seen_.size()};
    return {Verdict::illegal, explain(), seen_.size()};
}

// Why the step cannot come next where the search got furthest.
std::string Search::objection(const Step& step) const {
    const Register& now = best_.now;
    if (!fits(step, now)) {
        const std::string holds = "the key holds " + describe(now, history_);
        const bool written = step.kind == Kind::get && step.outcome == Outcome::done &&
                             std::any_of(best_path_.begin(), best_path_.end(), [&](std::size_t i) {
                                 return steps_[i].kind != Kind::get && steps_[i].writer == step.writer;
                             });
        return holds + (written ? "; that value was there before, and is gone" : "");
    }
    if (step.version == 0) return "its version has no room before that of the next write";
    if (step.version <= now.last)
        return "the key's version is at least " + std::to_string(now.last) + " by now; versions grow";
    const std::size_t next = next_versioned(best_);
    if (next != no_call && steps_[next].version < step.version)
        return "a lower version must come before it: " + describe(history_[steps_[next].call]);
    return "what must follow then cannot";
}

std::string Search::explain() const {
    constexpr std::size_t shown = 12;
    std::string text =
        std::to_string(best_ordered_) + " of " + std::to_string(mandatory_) + " calls can be put in order, no more:\n";
    const std::size_t first = best_path_.size() > shown ? best_path_.size() - shown : 0;
    if (first > 0) text += "    ... " + std::to_string(first) + " before these\n";
    for (std::size_t i = first; i < best_path_.size(); ++i) {
        const Step& step = steps_[best_path_[i]];
        text +=
            "    " + describe(history_[step.call]) + (step.optional ? "   (taken to have happened here)" : "") + '\n';
    }
    text += "  Then the key holds " + describe(best_.now, history_) + ". None of these can come next:\n";
    std::size_t unseen = 0;
    for (const std::size_t i : candidates(best_)) {
        const Step& step = steps_[i];
        if (step.optional)
            ++unseen;
        else
            text += "    " + describe(history_[step.call]) + "\n        " + objection(step) + '\n';
    }
    if (unseen > 0)
        text += "  " + std::to_string(unseen) + " writes of unknown outcome that no call saw were tried there, too.\n";
    return text;
}

std::string name_of(const Call& call) {
    switch (call.kind) {
        case Kind::get: return "get";
        case Kind::put: return "put " + call.value;
        case Kind::erase: return "erase";
        case Kind::compare_and_set: return "compare_and_set " + std::to_string(call.expected) + " -> " + call.value;
        case Kind::compare_and_erase: return "compare_and_erase " + std::to_string(call.expected);
    }
    return "?";
}

std::string outcome_of(const Call& call) {
    const auto version = [](Version number) { return number == 0 ? "" : "version " + std::to_string(number); };
    switch (call.outcome) {
        case Outcome::done: {
            if (call.kind != Kind::get) return call.version == 0 ? "done" : version(call.version);
            return call.version == 0 ? call.value : call.value + ", " + version(call.version);
        }
        case Outcome::absent: return "absent";
        case Outcome::condition_failed:
            return !call.found        ? "condition failed"
                   : *call.found == 0 ? "condition failed, found absent"
                                      : "condition failed, found " + version(*call.found);
        case Outcome::not_applied: return "not applied";
        case Outcome::unknown: return "unknown";
    }
    return "?";
}

}  // namespace

std::string describe(const Call& call) {
    const bool endless = call.outcome == Outcome::unknown || call.returned == never;
    return "client " + std::to_string(call.client) + ": " + name_of(call) + " -> " + outcome_of(call) + " [" +
           std::to_string(call.called) + ", " + (endless ? "..." : std::to_string(call.returned)) + "]";
}

Judgement check(const History& history, std::size_t configurations) {
    const Evidence evidence = gather(history);
    if (!evidence.contradiction.empty()) return {Verdict::illegal, evidence.contradiction, 0};
    return Search(history, evidence, configurations).run();
}

}  // namespace ringkv::linearizability
