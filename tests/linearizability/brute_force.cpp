// Shares nothing with the checker but the form of a history.
#include "tests/linearizability/brute_force.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv::linearizability {

namespace {

struct Cell {
    std::optional<std::string> value;
    Version version = 0;  // 0 while absent
    Version highest = 0;  // of all writes so far, erases too
};

class Orders {
  public:
    explicit Orders(const History& history) : history_(history), used_(history.size(), false) {
        Version highest = 0;
        for (const Call& call : history)
            highest = std::max({highest, call.expected, call.version, call.found.value_or(0)});
        // Above all versions that are named there is room for each call's own.
        ceiling_ = highest + history.size() + 1;
    }

    // Whether the calls not yet used can follow, in some order.
    bool any(const Cell& cell) {
        bool finished = true;
        for (std::size_t i = 0; i < history_.size(); ++i)
            finished = finished && (used_[i] || may_be_left_out(history_[i]));
        if (finished) return true;
        for (std::size_t i = 0; i < history_.size(); ++i) {
            if (used_[i] || !may_come_next(i)) continue;
            used_[i] = true;
            const bool found = any_after(cell, history_[i]);
            used_[i] = false;
            if (found) return true;
        }
        return false;
    }

  private:
    static bool may_be_left_out(const Call& call) {
        return call.outcome == Outcome::unknown || call.outcome == Outcome::not_applied;
    }

    // No call that returned before this one began is left behind.
    [[nodiscard]] bool may_come_next(std::size_t i) const {
        if (history_[i].outcome == Outcome::not_applied) return false;
        for (std::size_t other = 0; other < history_.size(); ++other)
            if (!used_[other] && !may_be_left_out(history_[other]) && history_[other].returned < history_[i].called)
                return false;
        return true;
    }

    bool any_after(const Cell& cell, const Call& call) {
        switch (call.kind) {
            case Kind::get: return after_get(cell, call);
            case Kind::put: return after_write(cell, call, call.value);
            case Kind::erase:
                if (call.outcome == Outcome::absent) return !cell.value && any(cell);
                return cell.value && after_write(cell, call, {});
            case Kind::compare_and_set:
                if (call.outcome == Outcome::condition_failed) return after_failure(cell, call);
                return cell.version == call.expected && after_write(cell, call, call.value);
            case Kind::compare_and_erase:
                if (call.outcome == Outcome::absent) return !cell.value && any(cell);
                if (call.outcome == Outcome::condition_failed) return after_failure(cell, call);
                return cell.value && cell.version == call.expected && after_write(cell, call, {});
        }
        return false;
    }

    bool after_get(const Cell& cell, const Call& call) {
        if (call.outcome == Outcome::unknown) return any(cell);
        if (call.outcome == Outcome::absent) return !cell.value && any(cell);
        if (cell.value != call.value) return false;
        return (call.version == 0 || call.version == cell.version) && any(cell);
    }

    bool after_failure(const Cell& cell, const Call& call) {
        const bool erases_nothing = call.kind == Kind::compare_and_erase && !cell.value;
        if (cell.version == call.expected && !erases_nothing) return false;
        return (!call.found || *call.found == cell.version) && any(cell);
    }

    bool after_write(const Cell& cell, const Call& call, const std::optional<std::string>& value) {
        const bool told = call.outcome == Outcome::done && call.version != 0;
        const Version first = told ? call.version : cell.highest + 1;
        const Version last = told ? call.version : ceiling_;
        for (Version version = first; version <= last; ++version) {
            if (version <= cell.highest) continue;
            if (any({value, value ? version : 0, version})) return true;
        }
        return false;
    }

    const History& history_;
    std::vector<bool> used_;
    Version ceiling_ = 0;
};

}  // namespace

bool linearizable_by_brute_force(const History& history) {
    RINGKV_CHECK(history.size() <= 8, "too many calls to try every order");
    return Orders(history).any({});
}

}  // namespace ringkv::linearizability
