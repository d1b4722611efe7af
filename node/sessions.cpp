#include "node/sessions.hpp"

#include <algorithm>

namespace ringkv {

SessionTable::Look SessionTable::look(ClientId client, Sequence sequence, OpNumber known) const {
    if (const auto session = sessions_.find(client); session != sessions_.end()) {
        const auto outcome = session->second.outcomes.find(sequence);
        if (outcome != session->second.outcomes.end()) return {Verdict::answered, outcome->second};
        if (sequence < session->second.lowest) return {Verdict::refused, {}};
    }
    return {known < dropped_ ? Verdict::refused : Verdict::fresh, {}};
}

void SessionTable::apply(const Entry& entry) {
    if (entry.op <= restored_) return;
    for (ClientId client : entry.expired) {
        const auto session = sessions_.find(client);
        if (session == sessions_.end()) continue;
        dropped_ = std::max(dropped_, session->second.last_op);
        sessions_.erase(session);
    }
    if (entry.client.none()) return;
    Session& session = sessions_[entry.client];
    session.last_op = entry.op;
    session.lowest = std::max(session.lowest, entry.lowest);
    session.outcomes[entry.sequence] = {entry.sequence, entry.status, entry.version};
    session.outcomes.erase(session.outcomes.begin(), session.outcomes.lower_bound(session.lowest));
}

void SessionTable::touch(ClientId client, Time now) {
    if (const auto session = sessions_.find(client); session != sessions_.end()) session->second.last_used = now;
}

void SessionTable::touch_all(Time now) {
    for (auto& [client, session] : sessions_) session.last_used = now;
}

std::vector<ClientId> SessionTable::idle(Time before, std::size_t most, std::size_t limit) const {
    std::vector<std::pair<Time, ClientId>> silent;
    const bool crowded = sessions_.size() > most;
    for (const auto& [client, session] : sessions_)
        if (crowded || session.last_used < before) silent.emplace_back(session.last_used, client);
    std::sort(silent.begin(), silent.end());
    const auto expired = static_cast<std::size_t>(
        std::count_if(silent.begin(), silent.end(), [before](const auto& item) { return item.first < before; }));
    const std::size_t surplus = crowded ? sessions_.size() - most : 0;
    silent.resize(std::min({silent.size(), std::max(expired, surplus), limit}));
    std::vector<ClientId> clients;
    clients.reserve(silent.size());
    for (const auto& [used, client] : silent) clients.push_back(client);
    return clients;
}

SessionSnapshot SessionTable::snapshot(OpNumber applied) const {
    SessionSnapshot snapshot{applied, dropped_, {}};
    for (const auto& [client, session] : sessions_) {
        SessionRecord record{client, session.lowest, session.last_op, {}};
        for (const auto& [sequence, outcome] : session.outcomes) record.outcomes.push_back(outcome);
        snapshot.sessions.push_back(std::move(record));
    }
    return snapshot;
}

void SessionTable::restore(const SessionSnapshot& snapshot) {
    clear();
    dropped_ = snapshot.dropped;
    restored_ = snapshot.applied;
    for (const SessionRecord& record : snapshot.sessions) {
        Session& session = sessions_[record.client];
        session.lowest = record.lowest;
        session.last_op = record.last_op;
        for (const SessionOutcome& outcome : record.outcomes) session.outcomes[outcome.sequence] = outcome;
    }
}

void SessionTable::clear() {
    sessions_.clear();
    dropped_ = OpNumber();
    restored_ = OpNumber();
}

}  // namespace ringkv
