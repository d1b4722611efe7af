// Every operation under way, with its attempts, its deadline and what is known of its outcome. Pure.
//
// A RequestId names one attempt: [serial 32 bits | slot 20 bits | attempt 12 bits]. The slot is where
// the operation stands in a table, so an answer finds its operation without a search; the serial is
// new for each operation, so a late answer to an earlier user of the slot finds nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "client/operation.hpp"
#include "client/ring_cache.hpp"
#include "common/time.hpp"

namespace ringkv {

struct PendingRequest {
    enum class Phase : std::uint8_t {
        free,        // the slot is not in use
        ordered,     // waits for an earlier write to its key
        mapless,     // waits for the first map
        asking,      // FetchMapOperation: waits for an answer of the registry, or of a node
        reaching,    // waits until its primary is heard from; nothing is sent
        under_way,   // an attempt waits for its answer
        backing_off  // the next attempt waits for its time
    };

    OperationId id;
    Operation operation;
    Time deadline;
    Phase phase = Phase::free;
    PartitionId partition;  // once there is a map

    // Of a write.
    Sequence sequence;
    OpNumber known;               // fixed at the first attempt (C2)
    bool maybe_appended = false;  // some answer said so

    std::uint32_t attempts = 0;
    std::vector<RequestId> unanswered;  // attempts that may still be answered, or carried out
    RequestId latest;
    Time sent;     // the latest attempt
    Route target;  // of the latest attempt, or of the one that waits until its primary is reached
    std::uint32_t redirects = 0;
    Duration patience{};  // with the next attempt
    Duration pause{};     // before the next attempt that a refusal causes
    std::string refusal;  // the last one, for people

    [[nodiscard]] std::uint32_t slot() const;
    [[nodiscard]] bool is_write() const { return std::holds_alternative<WriteOperation>(operation); }
    // Was every attempt refused before it was appended, or none made? Only then a write is not applied (C3).
    [[nodiscard]] bool refused_everywhere() const { return unanswered.empty() && !maybe_appended; }
};

class RequestTracker {
  public:
    // Precondition: 0 < limit <= 2^20.
    explicit RequestTracker(std::size_t limit);

    // A number for an operation that ends before it has begun.
    OperationId skip();
    // nullptr: `limit` operations are under way. Wakes at the deadline.
    PendingRequest* open(Operation operation, Time deadline);
    void close(PendingRequest& request);

    // The operation whose attempt this is, if that attempt is unanswered; or nullptr. Valid until close().
    [[nodiscard]] PendingRequest* find(RequestId attempt);
    [[nodiscard]] PendingRequest& at(std::uint32_t slot) { return requests_[slot]; }

    // A new attempt: its number. It is unanswered from now on.
    RequestId attempt(PendingRequest& request, Time now, const Route& target);
    // The attempt was answered with a refusal.
    static void refused(PendingRequest& request, RequestId attempt);

    // due() will name the request at `when`, or at its deadline if that is earlier.
    void wake_at(const PendingRequest& request, Time when);
    // The slots whose time has come, in order; each must be closed, or given a later time to wake.
    [[nodiscard]] std::vector<std::uint32_t> due(Time now);
    [[nodiscard]] bool is_due(std::uint32_t slot, Time now) const { return wake_[slot] <= now; }

    template <class Visit>
    void for_each(Visit visit) {
        for (PendingRequest& request : requests_)
            if (request.phase != PendingRequest::Phase::free) visit(request);
    }
    [[nodiscard]] std::size_t size() const { return requests_.size() - free_.size(); }

  private:
    std::size_t limit_;
    std::uint32_t serial_ = 0;
    std::deque<PendingRequest> requests_;  // by slot; never shrinks, so that references hold
    std::vector<Time> wake_;               // by slot
    std::vector<std::uint32_t> free_;      // slots
    Time next_wake_ = Time::max();         // not after any of wake_
};

}  // namespace ringkv
