#include "tests/simulation/less_sure_answers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringkv::simulation {

void LessSureAnswers::committed(const Entry& entry, Time at, bool after_another_term) {
    if (entry.kind != EntryKind::set && entry.kind != EntryKind::remove) return;
    Change change{entry.op, {}, at};
    if (entry.kind == EntryKind::set) {
        change.value = std::string(entry.value);
        Write& write = writes_[*change.value];
        write.committed = {{entry.op, entry.view}, at};
        write.came_back = after_another_term;
    }
    std::vector<Change>& changes = keys_[std::string(entry.key)];
    const auto later = [](OpNumber op, const Change& it) { return op < it.op; };
    changes.insert(std::upper_bound(changes.begin(), changes.end(), entry.op, later), std::move(change));
}

void LessSureAnswers::answered_early(const Entry& entry, Time at) {
    if (entry.kind == EntryKind::set) writes_[std::string(entry.value)].told.try_emplace({entry.op, entry.view}, at);
}

bool LessSureAnswers::kept(const std::string& value, Time told) const {
    const auto found = writes_.find(value);
    if (found == writes_.end() || !found->second.committed) return false;
    const auto& [name, at] = *found->second.committed;
    if (at <= told) return true;  // the answer came after the commit
    if (found->second.came_back) return false;
    const auto early = found->second.told.find(name);
    return early != found->second.told.end() && early->second <= told;
}

std::string LessSureAnswers::objection(const StaleReading& reading, bool clocks_keep_their_bound) const {
    if (reading.max_age && reading.age > *reading.max_age) return "it is older than was asked for";
    static const std::vector<Change> none;
    const auto found = keys_.find(reading.key);
    const std::vector<Change>& changes = found == keys_.end() ? none : found->second;
    // All that was committed by then must be in it.
    const Time bound = reading.called - reading.age;
    OpNumber least;
    for (const Change& change : changes)
        if (change.at < bound) least = change.op;
    bool was_so = !reading.value;
    bool is_new_enough = !reading.value && (changes.empty() || changes.front().op > least);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const Change& change = changes[i];
        if (change.value != reading.value || (reading.value && change.op != reading.version)) continue;
        was_so = true;
        is_new_enough = is_new_enough || i + 1 == changes.size() || changes[i + 1].op > least;
    }
    if (!was_so) return "no committed write has ever made the key so";
    if (is_new_enough || !clocks_keep_their_bound) return {};
    return fmt::format("op {} was committed before that and is not in it", least.value());
}

}  // namespace ringkv::simulation
