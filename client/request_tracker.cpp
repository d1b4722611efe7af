#include "client/request_tracker.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

namespace {

constexpr unsigned slot_bits = 20;
constexpr unsigned attempt_bits = 12;
constexpr std::uint64_t slot_mask = (std::uint64_t{1} << slot_bits) - 1;
constexpr std::uint64_t attempt_mask = (std::uint64_t{1} << attempt_bits) - 1;

OperationId number(std::uint32_t serial, std::uint64_t slot) {
    return OperationId((std::uint64_t{serial} << slot_bits) | slot);
}

std::uint32_t slot_of(OperationId id) {
    return static_cast<std::uint32_t>(id.value() & slot_mask);
}

}  // namespace

std::uint32_t PendingRequest::slot() const {
    return slot_of(id);
}

RequestTracker::RequestTracker(std::size_t limit) : limit_(limit) {
    RINGKV_CHECK(limit > 0 && limit <= slot_mask, "the table's size does not fit into a request id");
}

OperationId RequestTracker::skip() {
    if (++serial_ == 0) ++serial_;
    return number(serial_, slot_mask);  // no operation stands there
}

PendingRequest* RequestTracker::open(Operation operation, Time deadline) {
    if (free_.empty()) {
        if (requests_.size() == limit_) return nullptr;
        free_.push_back(static_cast<std::uint32_t>(requests_.size()));
        requests_.emplace_back();
        wake_.push_back(Time::max());
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    if (++serial_ == 0) ++serial_;
    PendingRequest& request = requests_[slot];
    request.id = number(serial_, slot);
    request.operation = std::move(operation);
    request.deadline = deadline;
    request.phase = PendingRequest::Phase::mapless;
    wake_at(request, deadline);
    return &request;
}

void RequestTracker::close(PendingRequest& request) {
    const std::uint32_t slot = request.slot();
    wake_[slot] = Time::max();
    free_.push_back(slot);
    std::vector<RequestId> unanswered = std::move(request.unanswered);  // keeps its memory for the slot's next user
    unanswered.clear();
    request = PendingRequest{};
    request.unanswered = std::move(unanswered);
}

PendingRequest* RequestTracker::find(RequestId attempt) {
    const OperationId id(attempt.value() >> attempt_bits);
    const std::uint32_t slot = slot_of(id);
    if (slot >= requests_.size()) return nullptr;
    PendingRequest& request = requests_[slot];
    const bool ours = request.phase != PendingRequest::Phase::free && request.id == id &&
                      std::ranges::find(request.unanswered, attempt) != request.unanswered.end();
    return ours ? &request : nullptr;
}

RequestId RequestTracker::attempt(PendingRequest& request, Time now, const Route& target) {
    ++request.attempts;
    const RequestId id((request.id.value() << attempt_bits) | (request.attempts & attempt_mask));
    request.unanswered.push_back(id);
    request.latest = id;
    request.sent = now;
    request.target = target;
    request.phase = PendingRequest::Phase::under_way;
    return id;
}

void RequestTracker::refused(PendingRequest& request, RequestId attempt) {
    std::erase(request.unanswered, attempt);
}

void RequestTracker::wake_at(const PendingRequest& request, Time when) {
    const Time wake = std::min(when, request.deadline);
    wake_[request.slot()] = wake;
    next_wake_ = std::min(next_wake_, wake);
}

std::vector<std::uint32_t> RequestTracker::due(Time now) {
    std::vector<std::uint32_t> slots;
    if (now < next_wake_) return slots;
    // Walking the whole table is rare: next_wake_ is of the oldest attempt, and most are answered long before.
    next_wake_ = Time::max();
    for (std::uint32_t slot = 0; slot < wake_.size(); ++slot) {
        if (wake_[slot] <= now)
            slots.push_back(slot);
        else
            next_wake_ = std::min(next_wake_, wake_[slot]);
    }
    return slots;
}

}  // namespace ringkv
