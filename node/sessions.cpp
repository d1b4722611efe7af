#include "node/sessions.hpp"

#include <algorithm>
#include <bit>

#include "common/check.hpp"

namespace ringkv {

namespace {
constexpr std::uint32_t all_used = ~std::uint32_t{0};
// Up to so many outcomes are moved at once when the first of them goes; of more, half of them must go together.
constexpr std::size_t few = 16;
// Of one session and of one outcome, in a part of a state transfer.
constexpr std::size_t session_bytes = 32;
constexpr std::size_t outcome_bytes = 20;

template <class Outcomes>
auto from(Outcomes& outcomes, Sequence sequence) {
    return std::lower_bound(outcomes.begin(), outcomes.end(), sequence,
                            [](const auto& outcome, Sequence wanted) { return outcome.sequence < wanted; });
}

}  // namespace

// ---------------------------------------------------------------- what was done

SessionTable::Look SessionTable::look(ClientId client, Sequence sequence, OpNumber known) const {
    if (const Session* session = find(client)) {
        if (sequence < session->lowest) return {Verdict::refused, {}};
        const auto outcome = from(session->outcomes, sequence);
        if (outcome != session->outcomes.end() && outcome->sequence == sequence)
            return {Verdict::answered, {sequence, WriteStatus(outcome->status), OpNumber(outcome->version)}};
    }
    return {known < dropped_ ? Verdict::refused : Verdict::fresh, {}};
}

std::size_t SessionTable::outcomes(ClientId client, Sequence lowest) const {
    const Session* session = find(client);
    if (session == nullptr) return 0;
    const auto counted = from(session->outcomes, std::max(lowest, session->lowest));
    return static_cast<std::size_t>(session->outcomes.end() - counted);
}

// An entry may come again over a table that was copied in parts, each part later than the entry. What a session
// remembers as its last op tells: it has everything up to that, and nothing dropped it since.
void SessionTable::apply(const Entry& entry) {
    if (entry.op <= restored_) return;
    for (const ClientId client : entry.expired) {
        const Index index = index_of(client);
        if (index == none) continue;
        if (at(index).last_op > entry.op) continue;  // it was dropped, and has come back since
        dropped_ = std::max(dropped_, at(index).last_op);
        erase(index);
    }
    if (entry.client.none()) return;
    const Index index = place_of(entry.client);
    Session& session = at(index);
    if (entry.op <= session.last_op) return;
    make_last(index);
    session.last_op = entry.op;
    remember(session, {entry.sequence, entry.version.value(), static_cast<std::uint64_t>(entry.status)});
    trim(session, entry.lowest);
}

void SessionTable::remember(Session& session, Outcome outcome) {
    Outcomes& outcomes = session.outcomes;
    outcome_bytes_ -= bytes_of(outcomes);
    const auto place = from(outcomes, outcome.sequence);
    if (place != outcomes.end() && place->sequence == outcome.sequence)
        *place = outcome;
    else
        outcomes.insert(place, outcome);
    outcome_bytes_ += bytes_of(outcomes);
}

void SessionTable::trim(Session& session, Sequence lowest) {
    Outcomes& outcomes = session.outcomes;
    session.lowest = std::max(session.lowest, lowest);
    const auto kept = from(outcomes, session.lowest);
    const auto gone = static_cast<std::size_t>(kept - outcomes.begin());
    if (gone == 0 || (outcomes.size() > few && gone < outcomes.size() / 2)) return;
    outcome_bytes_ -= bytes_of(outcomes);
    outcomes.erase(outcomes.begin(), kept);
    if (outcomes.capacity() >= few && outcomes.size() <= outcomes.capacity() / 8) outcomes.shrink_to_fit();
    outcome_bytes_ += bytes_of(outcomes);
}

std::uint64_t SessionTable::bytes_of(const Outcomes& outcomes) {
    constexpr std::size_t inside = 2;
    return outcomes.capacity() > inside ? outcomes.capacity() * sizeof(Outcome) + 16 : 0;
}

// ---------------------------------------------------------------- expiry

void SessionTable::touch(ClientId client, Time now) {
    const Index index = index_of(client);
    if (index == none) return;
    at(index).last_used = now;
    make_last(index);
}

std::vector<ClientId> SessionTable::idle(Time before, std::uint64_t budget, std::size_t limit) const {
    std::vector<ClientId> clients;
    std::uint64_t left = bytes();
    for (Index index = first_; index != none && clients.size() < limit;) {
        const Session& session = at(index);
        if (std::max(session.last_used, used_since_) >= before && left <= budget) break;
        left -= bytes_a_session + bytes_of(session.outcomes);
        clients.push_back(session.client);
        index = session.after;
    }
    return clients;
}

// ---------------------------------------------------------------- copies

SessionRecord SessionTable::record_of(const Session& session) {
    SessionRecord record{session.client, session.lowest, session.last_op, {}};
    for (auto outcome = from(session.outcomes, session.lowest); outcome != session.outcomes.end(); ++outcome)
        record.outcomes.push_back({outcome->sequence, WriteStatus(outcome->status), OpNumber(outcome->version)});
    return record;
}

SessionSnapshot SessionTable::snapshot(OpNumber applied) const {
    SessionSnapshot snapshot{applied, dropped_, {}};
    snapshot.sessions.reserve(size());
    for (Index index = first_; index != none; index = at(index).after)
        snapshot.sessions.push_back(record_of(at(index)));
    std::sort(snapshot.sessions.begin(), snapshot.sessions.end(),
              [](const SessionRecord& a, const SessionRecord& b) { return a.client < b.client; });
    return snapshot;
}

// By where they stand: a session never moves, so one that is there from the first part to the last is met, and one that
// comes meanwhile has all its entries after the first part.
SessionTable::Part SessionTable::part(std::uint32_t from_place, std::size_t bytes, std::uint32_t until) const {
    Part part;
    const auto places = std::min(static_cast<Index>(blocks_.size() * block_size), until);
    for (part.next = from_place; part.next < places; ++part.next) {
        const Block& block = blocks_[part.next / block_size];
        if ((block.used >> (part.next % block_size) & 1U) == 0) continue;
        if (part.bytes >= bytes) {
            part.more = true;
            return part;
        }
        part.sessions.push_back(record_of(at(part.next)));
        part.bytes += session_bytes + part.sessions.back().outcomes.size() * outcome_bytes;
    }
    return part;
}

void SessionTable::load(const std::vector<SessionRecord>& sessions) {
    for (const SessionRecord& record : sessions) {
        const Index index = place_of(record.client);
        Session& session = at(index);
        if (record.last_op < session.last_op) continue;  // it was met twice, and is newer already
        outcome_bytes_ -= bytes_of(session.outcomes);
        session.outcomes.clear();
        outcome_bytes_ += bytes_of(session.outcomes);
        session.lowest = Sequence();  // one that came back may begin below where it ended
        session.last_op = record.last_op;
        for (const SessionOutcome& outcome : record.outcomes)
            remember(session, {outcome.sequence, outcome.version.value(), static_cast<std::uint64_t>(outcome.status)});
        trim(session, record.lowest);
    }
}

void SessionTable::restore(const SessionSnapshot& snapshot) {
    load(snapshot.sessions);
    dropped_ = snapshot.dropped;
    restored_ = snapshot.applied;
}

void SessionTable::clear() {
    by_client_ = {};
    blocks_.clear();
    open_.clear();
    first_ = last_ = none;
    outcome_bytes_ = 0;
    dropped_ = OpNumber();
    restored_ = OpNumber();
}

// ---------------------------------------------------------------- where they stand

// Of few clients it is mostly the one that was used last, whose session will be looked at in any case.
SessionTable::Index SessionTable::index_of(ClientId client) const {
    if (last_ != none && at(last_).client == client) return last_;
    const auto found = by_client_.find(client);
    return found == by_client_.end() ? none : found->second;
}

const SessionTable::Session* SessionTable::find(ClientId client) const {
    const Index index = index_of(client);
    return index == none ? nullptr : &at(index);
}

SessionTable::Index SessionTable::place_of(ClientId client) {
    if (last_ != none && at(last_).client == client) return last_;
    const auto [place, added] = by_client_.try_emplace(client, none);
    if (!added) return place->second;
    if (open_.empty()) {
        open_.push_back(static_cast<Index>(blocks_.size()));
        blocks_.emplace_back();
    }
    const Index number = open_.back();
    Block& block = blocks_[number];
    if (!block.sessions) block.sessions = std::make_unique<std::array<Session, block_size>>();
    const auto bit = static_cast<Index>(std::countr_one(block.used));
    block.used |= std::uint32_t{1} << bit;
    if (block.used == all_used) open_.pop_back();
    const Index index = number * block_size + bit;
    place->second = index;
    at(index).client = client;
    link_last(index);
    return index;
}

void SessionTable::erase(Index index) {
    Session& session = at(index);
    outcome_bytes_ -= bytes_of(session.outcomes);
    by_client_.erase(session.client);
    unlink(index);
    std::destroy_at(&session);
    std::construct_at(&session);
    Block& block = blocks_[index / block_size];
    if (block.used == all_used) open_.push_back(index / block_size);
    block.used &= ~(std::uint32_t{1} << (index % block_size));
    if (block.used == 0) block.sessions.reset();
    if (by_client_.empty()) {
        blocks_.clear();
        open_.clear();
    }
    // The hash table does not shrink by itself.
    if (by_client_.capacity() > 1024 && by_client_.size() < by_client_.capacity() / 16) by_client_.rehash(0);
}

void SessionTable::link_last(Index index) {
    Session& session = at(index);
    session.before = last_;
    session.after = none;
    (last_ == none ? first_ : at(last_).after) = index;
    last_ = index;
}

void SessionTable::unlink(Index index) {
    const Session& session = at(index);
    (session.before == none ? first_ : at(session.before).after) = session.after;
    (session.after == none ? last_ : at(session.after).before) = session.before;
}

void SessionTable::make_last(Index index) {
    if (index == last_) return;
    unlink(index);
    link_last(index);
}

void SessionTable::check_invariants() const {
    std::uint64_t outcome_bytes_there = 0;
    std::size_t count = 0;
    Index before = none;
    for (Index index = first_; index != none; index = at(index).after) {
        const Session& session = at(index);
        const auto found = by_client_.find(session.client);
        RINGKV_CHECK(found != by_client_.end() && found->second == index, "a session that its client does not find");
        RINGKV_CHECK(session.before == before, "the list of sessions is broken");
        before = index;
        outcome_bytes_there += bytes_of(session.outcomes);
        ++count;
    }
    RINGKV_CHECK(before == last_ && count == by_client_.size(), "a session is in no list");
    RINGKV_CHECK(outcome_bytes_there == outcome_bytes_, "the bytes of outcomes are miscounted");
}

}  // namespace ringkv
