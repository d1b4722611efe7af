#include "client/request_tracker.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

namespace {

constexpr unsigned slot_bits = 20;
constexpr std::uint64_t slot_mask = (std::uint64_t{1} << slot_bits) - 1;
constexpr std::uint64_t first_mask = (std::uint64_t{1} << 40U) - 1;
constexpr std::uint64_t most_attempts = ~std::uint64_t{0} >> slot_bits;

}  // namespace

std::optional<Time> PendingRequest::older_since(RequestId attempt) const {
    const auto found = std::ranges::find(older, attempt, &Attempt::id);
    return found == older.end() ? std::nullopt : std::optional(found->sent);
}

RequestTracker::RequestTracker(std::size_t limit, std::uint64_t seed) : limit_(limit), first_(seed & first_mask) {
    RINGKV_CHECK(limit > 0 && limit <= slot_mask, "the table's size does not fit into a request id");
}

PendingRequest& RequestTracker::open(Time deadline, void* context) {
    if (free_.empty()) {
        RINGKV_CHECK(requests_.size() < limit_, "more operations than may be under way");
        free_.push_back(static_cast<std::uint32_t>(requests_.size()));
        requests_.push_back(std::make_unique<PendingRequest>(free_.back()));
        attempts_.push_back(first_);
        wake_.push_back(Time::max());
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    PendingRequest& request = *requests_[slot];
    request.id = OperationId(++operations_);
    request.context = context;
    request.deadline = deadline;
    request.phase = PendingRequest::Phase::mapless;
    wake_at(request, deadline);
    return request;
}

void RequestTracker::close(PendingRequest& request) {
    wake_[request.slot] = Time::max();
    free_.push_back(request.slot);
    if (request.operation == &request.kept) request.kept.emplace<FetchMapOperation>();
    static_cast<RequestState&>(request) = RequestState{};
    request.older.clear();
    request.refusal.clear();
}

PendingRequest* RequestTracker::find(RequestId attempt) {
    const std::uint64_t slot = attempt.value() & slot_mask;
    if (slot >= requests_.size()) return nullptr;
    return requests_[slot]->unanswered_since(attempt) ? requests_[slot].get() : nullptr;
}

RequestId RequestTracker::attempt(PendingRequest& request, Time now) {
    RINGKV_CHECK(attempts_[request.slot] < most_attempts, "the numbers of a slot's attempts are used up");
    ++request.attempts;
    const std::uint64_t number = ++attempts_[request.slot];
    const RequestId id((number << slot_bits) | request.slot);
    if (request.latest_unanswered) request.older.push_back({request.latest, request.sent});
    request.latest = id;
    request.latest_unanswered = true;
    request.sent = now;
    request.phase = PendingRequest::Phase::under_way;
    return id;
}

void RequestTracker::refused(PendingRequest& request, RequestId attempt) {
    if (!request.unanswered_since(attempt)) return;
    ++request.refused;
    answered(request, attempt);
}

void RequestTracker::answered(PendingRequest& request, RequestId attempt) {
    if (attempt == request.latest) request.latest_unanswered = false;
    std::erase_if(request.older, [&](const PendingRequest::Attempt& each) { return each.id == attempt; });
}

void RequestTracker::wake_at(const PendingRequest& request, Time when) {
    const Time wake = std::min(when, request.deadline);
    wake_[request.slot] = wake;
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
