// The primary and its clients: writes become entries, reads wait for nothing while the leases are held.
#include <algorithm>

#include "common/check.hpp"
#include "node/primary.hpp"

namespace ringkv {

namespace {
// Of the answers that a turn makes to what has waited; what else it answers has room before its end at 8 MiB
// (docs/decisions/0026).
constexpr std::size_t most_answered = std::size_t{4} << 20U;
constexpr Duration longest_hold = std::chrono::seconds(10);  // the client of a request that waited longer waits no more
// Of one client in one partition: answered or under way, and not yet known to be known to it.
constexpr std::size_t most_outcomes = 1024;
constexpr std::string_view memory_is_full = "the shard's memory limit is reached; erase keys or add nodes";
constexpr Duration between_expiries = std::chrono::milliseconds(100);
constexpr std::size_t most_expired = 512;  // in one entry
constexpr std::size_t most_expiries = 8;   // entries at once
}  // namespace

void Primary::refuse(const Request& request, RefusalReason reason, std::string text) {
    ports_.messages.answer(request.from, RequestRefused{request.id(), reason, std::move(text), log_.commit()});
    ports_.counters.refused(request.kind(), reason);
}

std::uint64_t Primary::requests_held() const {
    return held_.size() + reads_.size() + reads_behind_.size() + uncommitted_.size();
}

void Primary::request(Request&& request) {
    if (ports_.admission.full(requests_held()))
        return refuse(request, RefusalReason::overloaded, "limits.inflight leaves no room for more to this partition");
    // Behind what still waits.
    if (phase_ == Phase::serving && held_.empty()) {
        const Time now = request.arrived;
        return serve(now, std::move(request));
    }
    if (ports_.memory.full()) return refuse(request, RefusalReason::overloaded, std::string(memory_is_full));
    held_.push_back(hold(std::move(request), "the primary"));
}

Primary::Held Primary::hold(Request&& request, std::string_view waits_for) {
    request.waited_for = waits_for;
    const std::uint64_t bytes = std::visit([](auto& what) { return keep_bytes(what); }, request.what);
    return {ports_.admission.enter(), ports_.memory.request(sizeof(Held) + bytes), std::move(request)};
}

// The oldest first, until there is enough for one turn; the next tick goes on.
void Primary::serve_held(Time now) {
    while (!held_.empty() && ports_.messages.bytes() < most_answered) {
        Held held = held_.pop_front();
        if (now - held.request.arrived < longest_hold)
            serve(now, std::move(held.request));
        else
            ports_.counters.count(held.request.kind(), RequestOutcome::forgotten);
    }
}

void Primary::serve(Time now, Request&& request) {
    if (const auto* put = std::get_if<Write>(&request.what))
        write(now, request.began, request.from, *put);
    else
        read(now, std::move(request));
}

bool Primary::acceptable(Time now, const Address& from, const Write& write) {
    const Limits& limits = ports_.shard.limits;
    const auto reject = [&](RefusalReason reason, std::string text) {
        ports_.messages.answer(from, RequestRefused{write.request, reason, std::move(text), log_.commit()});
        ports_.counters.refused(RequestKind::write, reason);
        return false;
    };
    if (std::string objection = key_objection(write.key, log_.partition(), ports_.shard); !objection.empty())
        return reject(RefusalReason::bad_key, std::move(objection));
    if (write.value && write.value->size() > limits.value)
        return reject(RefusalReason::bad_value, "the value has " + std::to_string(write.value->size()) +
                                                    " bytes; the limit is " + std::to_string(limits.value));
    if (write.client.none() || write.sequence.none())
        return reject(RefusalReason::bad_value, "a write names its client and a sequence, both above 0");
    if (write.ack == Ack::primary && write.expected)
        return reject(RefusalReason::bad_value,
                      "a conditional write is acknowledged by all members, not by the primary");
    if (write.value && ports_.memory.full()) return reject(RefusalReason::overloaded, std::string(memory_is_full));
    if (ports_.memory.too_much_uncommitted(log_.suffix().bytes_between(log_.commit(), log_.last())))
        return reject(RefusalReason::overloaded, "the backups do not keep up; too much waits for them");
    if (ports_.memory.much_uncommitted() && commits_are_late(now))
        return reject(RefusalReason::overloaded, "the backups do not keep up; what waits for them waits for too long");
    if (writers_wait_)
        return reject(RefusalReason::overloaded,
                      "a copy of the partition is being made and cannot keep up; writes wait until it has caught up");
    // The one that holds the others back is always taken: its answer is what makes room (C1).
    const bool lowest = write.sequence <= write.lowest;
    if (!lowest &&
        log_.sessions().outcomes(write.client, write.lowest) + uncommitted_.of(write.client) >= most_outcomes)
        return reject(RefusalReason::overloaded, "the client waits for " + std::to_string(most_outcomes) +
                                                     " writes to this partition; more must wait for their answers");
    return true;
}

// Exactly once (C1, C2): the applied table first, then the uncommitted part of the log; only then is it a new write.
void Primary::write(Time now, Time began, const Address& from, const Write& write) {
    const SessionTable::Look look = log_.sessions().look(write.client, write.sequence, write.known);
    if (look.verdict == SessionTable::Verdict::answered) {
        const SessionOutcome& outcome = look.outcome;
        ports_.messages.answer(
            from, WriteAnswer{write.request, outcome.status, told_version(write.ack, outcome.status, outcome.version),
                              log_.commit()});
        ports_.counters.answered(RequestKind::write, outcome_of(outcome.status), now - began);
        return;
    }
    if (auto* const op = uncommitted_.find(write.client, write.sequence)) {
        // The first attempt and the newest are answered; their client no longer waits for those between.
        if (op->waiters.size() >= 2) op->waiters.pop_back();
        op->waiters.push_back({from, write.request, write.ack, began});
        if (write.ack == Ack::primary) answer_early(now, *op);
        return;
    }
    if (look.verdict == SessionTable::Verdict::refused) {
        ports_.messages.answer(
            from, RequestRefused{write.request, RefusalReason::session_expired,
                                 "the partition no longer remembers whether this write was done", log_.commit()});
        ports_.counters.refused(RequestKind::write, RefusalReason::session_expired);
        return;
    }
    if (!acceptable(now, from, write)) return;
    log_.sessions().touch(write.client, now);
    append(now, decide(write));
    uncommitted_.back().waiters.push_back({from, write.request, write.ack, began});
    if (write.ack == Ack::primary) answer_early(now, uncommitted_.back());
}

OpNumber Primary::version_of(std::string_view key) const {
    if (const auto pending = uncommitted_.pending(key)) return pending->present ? pending->op : OpNumber();
    const auto found = ports_.engine.get(log_.partition(), key);
    return found ? found->version : OpNumber();
}

// Every outcome is an entry, "condition failed" too: the answer to a retry must not depend on when it comes (P4). It
// speaks of the write's key and value where they are.
Entry Primary::decide(const Write& write) const {
    Entry entry;
    entry.client = write.client;
    entry.sequence = write.sequence;
    entry.lowest = std::min(write.lowest, write.sequence);
    entry.op = log_.last().next();
    entry.version = entry.op;
    const OpNumber present = !write.value || write.expected ? version_of(write.key) : OpNumber();
    if (write.expected && *write.expected != present) {
        entry.status = WriteStatus::condition_failed;
        entry.version = present;
        return entry;
    }
    if (!write.value && present.none()) {
        entry.status = WriteStatus::not_found;
        entry.version = OpNumber();
        return entry;
    }
    entry.kind = write.value ? EntryKind::set : EntryKind::remove;
    entry.key = write.key;
    if (write.value) entry.value = *write.value;
    return entry;
}

void Primary::append(Time now, Entry entry) {
    entry.op = log_.last().next();
    entry.view = view().id;
    EntryPtr shared = ports_.entries.share(entry);
    log_.append(shared);
    await_commit(now, std::move(shared));
}

void Primary::await_commit(Time now, EntryPtr entry) {
    Slot bytes = ports_.memory.uncommitted(log_.suffix().bytes_between(entry->op.previous(), entry->op));
    uncommitted_.push(now, ports_.admission.enter(), std::move(bytes), std::move(entry));
}

void Primary::read(Time now, Request&& request) {
    if (const auto* get = std::get_if<Get>(&request.what)) {
        if (std::string objection = key_objection(get->key, log_.partition(), ports_.shard); !objection.empty())
            return refuse(request, RefusalReason::bad_key, std::move(objection));
    }
    const OpNumber before = to_be_committed_before(request);
    if (before > log_.commit()) {
        reads_behind_.emplace(before, hold(std::move(request), "the commit of a write"));
        return;
    }
    read_under_leases(now, std::move(request));
}

void Primary::read_under_leases(Time now, Request&& request) {
    if (reads_.empty() && leases_held(now, request.arrived)) return answer_read(now, request);
    ++ports_.counters.reads_waited;
    reads_.push_back(hold(std::move(request), "leases"));
    ask_for_leases(now);
}

// Of the nodes that the first read waits for.
void Primary::ask_for_leases(Time now) {
    if (reads_.empty()) return;
    (void)term_.all_required([&](NodeId node) {
        if (!lease_held(now, reads_.front().request.arrived, node)) ports_.leases.ask_at_once(node);
        return true;
    });
}

// As serve_held. A read that waits for the next turn is judged by the time of that one, which is stricter (L4).
void Primary::serve_reads(Time now) {
    if (phase_ != Phase::serving) return;
    while (!reads_.empty() && ports_.messages.bytes() < most_answered &&
           leases_held(now, reads_.front().request.arrived)) {
        answer_read(now, reads_.front().request);
        reads_.pop_front();
    }
}

void Primary::serve_reads_behind_commits(Time now) {
    while (phase_ == Phase::serving && !reads_behind_.empty() && reads_behind_.begin()->first <= log_.commit() &&
           ports_.messages.bytes() < most_answered) {
        Request request = std::move(reads_behind_.begin()->second.request);
        reads_behind_.erase(reads_behind_.begin());
        read_under_leases(now, std::move(request));
    }
}

// Their clients have given them up.
void Primary::forget_old_requests(Time now) {
    for (Fifo<Held>* waiting : {&held_, &reads_})
        while (!waiting->empty() && now - waiting->front().request.arrived > longest_hold) {
            ports_.counters.count(waiting->front().request.kind(), RequestOutcome::forgotten);
            waiting->pop_front();
        }
    std::erase_if(reads_behind_, [&](const auto& it) {
        const bool old = now - it.second.request.arrived > longest_hold;
        if (old) ports_.counters.count(it.second.request.kind(), RequestOutcome::forgotten);
        return old;
    });
}

void Primary::answer_read(Time now, const Request& request) {
    Message answer = read_answer(request, ports_.engine, log_.partition(), log_.commit());
    count_read(ports_.counters, request, answer, now);
    ports_.slow.answered(now, log_.partition(), request);
    ports_.messages.answer(request.from, std::move(answer));
}

void Primary::expire_sessions(Time now) {
    if (now < expiry_at_ || expiring_ > log_.commit()) return;  // those under way are still in the table
    expiry_at_ = now + between_expiries;
    const Time before = now - ports_.shard.map.settings.session_expiry;
    const std::uint64_t budget = ports_.shard.limits.sessions / std::max<std::size_t>(ports_.shard.replicas, 1);
    const std::vector<ClientId> idle = log_.sessions().idle(before, budget, most_expired * most_expiries);
    more_expire_ = idle.size() == most_expired * most_expiries;
    for (std::size_t done = 0; done < idle.size(); done += most_expired) {
        Entry entry;
        entry.kind = EntryKind::expire;
        entry.expired = {idle.data() + done, std::min(most_expired, idle.size() - done)};
        append(now, entry);
        expiring_ = log_.last();
    }
}

}  // namespace ringkv
