#include "node/uncommitted_writes.hpp"

#include <algorithm>
#include <utility>

#include "common/check.hpp"

namespace ringkv {

bool UncommittedWrites::changes_key(const Entry& entry) {
    return entry.kind == EntryKind::set || entry.kind == EntryKind::remove;
}

// They are contiguous.
const UncommittedWrites::Op& UncommittedWrites::at(OpNumber op) const {
    return *(end() - 1 - (ops_.back().entry->op.value() - op.value()));
}

void UncommittedWrites::push(Time now, Slot request, Slot bytes, EntryPtr entry) {
    ops_.push_back({std::move(request), std::move(bytes), std::move(entry), now});
    if (index_ != nullptr) return add_to_index(*ops_.back().entry);
    if (size() <= most_looked_through) return;
    index_ = std::make_unique<Index>();
    for (const Op& op : *this) add_to_index(*op.entry);
}

void UncommittedWrites::pop() {
    RINGKV_CHECK(!empty(), "an op was committed that the primary does not wait for");
    const Op gone = ops_.pop_front();
    if (gone.answered_early) --early_;
    if (index_ != nullptr) take_from_index(*gone.entry);
    if (empty()) index_.reset();
}

void UncommittedWrites::clear() {
    ops_.clear();
    early_ = 0;
    index_.reset();
}

UncommittedWrites::Op* UncommittedWrites::find(ClientId client, Sequence sequence) {
    if (index_ != nullptr) {
        const auto found = index_->writes.find({client, sequence});
        return found == index_->writes.end() ? nullptr : const_cast<Op*>(&at(found->second));
    }
    for (Op& op : ops_)
        if (op.entry->client == client && op.entry->sequence == sequence) return &op;
    return nullptr;
}

UncommittedWrites::Op* UncommittedWrites::find(OpNumber op) {
    if (empty() || op < front().entry->op || op > back().entry->op) return nullptr;
    return const_cast<Op*>(&at(op));
}

void UncommittedWrites::answered_early(Op& op) {
    if (op.answered_early) return;
    op.answered_early = true;
    ++early_;
    newest_early_ = std::max(newest_early_, op.entry->op);
}

std::optional<UncommittedWrites::Pending> UncommittedWrites::pending(std::string_view key) const {
    const Entry* newest = nullptr;
    if (index_ != nullptr) {
        const auto found = index_->keys.find(key);
        if (found != index_->keys.end()) newest = at(found->second).entry.get();
    } else {
        for (const Op& op : *this)
            if (changes_key(*op.entry) && op.entry->key == key) newest = op.entry.get();
    }
    if (newest == nullptr) return std::nullopt;
    return Pending{newest->op, newest->kind == EntryKind::set};
}

std::size_t UncommittedWrites::of(ClientId client) const {
    if (index_ != nullptr) {
        const auto found = index_->clients.find(client);
        return found == index_->clients.end() ? 0 : found->second;
    }
    return static_cast<std::size_t>(
        std::count_if(begin(), end(), [client](const Op& op) { return op.entry->client == client; }));
}

void UncommittedWrites::add_to_index(const Entry& entry) {
    if (!entry.client.none()) {
        index_->writes.insert_or_assign({entry.client, entry.sequence}, entry.op);
        ++index_->clients[entry.client];
    }
    if (!changes_key(entry)) return;
    index_->keys.erase(entry.key);  // by an earlier entry's key, which may go before this one
    index_->keys.emplace(entry.key, entry.op);
}

void UncommittedWrites::take_from_index(const Entry& entry) {
    if (!entry.client.none()) {
        index_->writes.erase({entry.client, entry.sequence});
        if (const auto client = index_->clients.find(entry.client); --client->second == 0)
            index_->clients.erase(client);
    }
    if (!changes_key(entry)) return;
    if (const auto key = index_->keys.find(entry.key); key != index_->keys.end() && key->second == entry.op)
        index_->keys.erase(key);
}

void UncommittedWrites::check_invariants() const {
    OpNumber before;
    std::size_t early = 0;
    for (const Op& op : *this) {
        if (op.answered_early) ++early;
        RINGKV_CHECK(before.none() || op.entry->op == before.next(), "uncommitted ops are out of order");
        before = op.entry->op;
    }
    RINGKV_CHECK(early == early_, "ops that were answered early are miscounted");
    if (index_ == nullptr) return;
    RINGKV_CHECK(index_->writes.size() <= size(), "a write is still under way though its op is committed");
    RINGKV_CHECK(index_->keys.size() <= size(), "a key is still pending though its op is committed");
    for (const auto& [key, op] : index_->keys) RINGKV_CHECK(at(op).entry->key == key, "a key is pending by another op");
}

}  // namespace ringkv
