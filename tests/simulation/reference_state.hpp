// What the committed log makes of a partition: its keys as of any op, its sessions as of the newest. What a replica is
// compared with.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/entry.hpp"
#include "node/sessions.hpp"

namespace ringkv::simulation {

class ReferenceState {
  public:
    // Each committed entry once. The replica that is first to apply one has applied all before it.
    void apply(const Entry& entry) {
        if (entry.op == last_.next()) {
            last_ = entry.op;
            sessions_.apply(entry);
        }
        if (entry.kind != EntryKind::set && entry.kind != EntryKind::remove) return;
        std::vector<Change>& changes = keys_[std::string(entry.key)];
        const auto later = [](OpNumber op, const Change& change) { return op < change.op; };
        Change change{entry.op, {}};
        if (entry.kind == EntryKind::set) change.value = std::string(entry.value);
        changes.insert(std::upper_bound(changes.begin(), changes.end(), entry.op, later), std::move(change));
    }

    // All of it is gone, and the log goes on behind `op` (V8). -> the keys that there were.
    std::vector<std::string> begin_anew(OpNumber op) {
        std::vector<std::string> gone;
        for (auto& [key, changes] : keys_) {
            if (!changes.back().value) continue;
            changes.push_back({op, {}});
            gone.push_back(key);
        }
        sessions_.clear();
        sessions_.restore({op, op, {}});
        last_ = op;
        return gone;
    }

    [[nodiscard]] OpNumber last() const { return last_; }
    [[nodiscard]] SessionSnapshot sessions() const { return sessions_.snapshot(last_); }

    // Which key of these, which are in order, is not as of `op`; empty: none.
    [[nodiscard]] std::string difference(OpNumber op, const std::vector<KeyRecord>& records) const {
        auto record = records.begin();
        for (const auto& [key, changes] : keys_) {
            const auto after =
                std::find_if(changes.begin(), changes.end(), [&](const Change& it) { return it.op > op; });
            const bool present = after != changes.begin() && std::prev(after)->value.has_value();
            const bool held = record != records.end() && record->key == key;
            const OpNumber version = held ? record->version : OpNumber();
            const OpNumber wanted = present ? std::prev(after)->op : OpNumber();
            if (version != wanted || (held && record->value != *std::prev(after)->value))
                return fmt::format("key {} is of op {}, and should be of op {}", key, version.value(), wanted.value());
            if (held) ++record;
        }
        return record == records.end() ? std::string() : "key " + record->key + " was never written";
    }

  private:
    struct Change {
        OpNumber op;
        std::optional<std::string> value;  // none: removed
    };
    std::map<std::string, std::vector<Change>> keys_;
    SessionTable sessions_;
    OpNumber last_;
};

}  // namespace ringkv::simulation
