// Every operation under way, with its attempts, its deadline and what is known of its outcome. Pure.
//
// A RequestId names one attempt: [number 44 bits | slot 20 bits]. The slot is where the operation stands in a table, so
// an answer finds its operation without a search. The number counts all attempts that were ever made in that slot, of
// whatever operation, and never comes again: a slot makes one attempt a round trip, so even with one every 50 us it
// would take 26 years. So an answer is to that very attempt, or to none that is waited for. The count begins at a
// random number below 2^40, so that logs of servers name the attempts of different clients by different ids.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/contacts.hpp"
#include "client/operation.hpp"
#include "client/ring_cache.hpp"
#include "common/time.hpp"

namespace ringkv {

// Of a request, what is plain values: forgotten at once when its slot is free again.
struct RequestState {
    enum class Phase : std::uint8_t {
        free,        // the slot is not in use
        ordered,     // waits for an earlier write to its key
        mapless,     // waits for the first map
        crowded,     // waits until fewer writes to its partition have no outcome (Sequences::window)
        asking,      // FetchMapOperation: waits for an answer of the registry, or of a node
        in_line,     // waits until its primary's endpoint is heard from, and has room
        under_way,   // an attempt waits for its answer
        backing_off  // the next attempt waits for its time
    };
    struct Attempt {
        RequestId id;
        Time sent;
    };

    OperationId id;
    Time began;
    void* context = nullptr;  // the caller's
    const Operation* operation = nullptr;
    Time deadline;
    Phase phase = Phase::free;
    bool latest_unanswered = false;  // it may still be answered, or carried out
    bool stale = false;              // a read that any replica may answer
    PartitionId partition;           // once there is a map
    std::uint64_t hash = 0;          // of the key, where there is one

    // Of a write.
    Sequence sequence;
    OpNumber known;  // fixed at the first attempt (C2)

    std::uint64_t attempts = 0;       // that were made
    std::uint64_t refused = 0;        // of these: as often as one was refused before it was appended, or never left
    RequestId latest;                 // attempt
    Time sent;                        // when that was made
    const Route* target = &no_route;  // of the latest attempt, or where the next one waits in line
    Contact* contact = nullptr;       // the target's
    std::size_t held = 0;             // bytes of that contact's window, while the latest attempt has no answer
    std::uint32_t redirects = 0;
    std::uint32_t passed_on = 0;  // stale: so many replicas were passed over
    std::uint32_t refusals = 0;   // stale: by one replica after the other, since the last pause
    Duration pause{};             // before the next attempt that a refusal causes
};

struct PendingRequest : RequestState {
    const std::uint32_t slot;
    Operation kept;              // the operation, where it is not the caller's
    std::vector<Attempt> older;  // attempts before the latest that may still be answered, or carried out
    std::string refusal;         // the last one, for people

    explicit PendingRequest(std::uint32_t at) : slot(at) {}

    [[nodiscard]] bool is_write() const { return std::holds_alternative<WriteOperation>(*operation); }
    // Was every attempt that was ever made refused before it was appended? Only then a write is not applied (C3).
    [[nodiscard]] bool refused_everywhere() const { return refused == attempts; }
    // When the attempt was made; none: it is answered already, or not of this request.
    [[nodiscard]] std::optional<Time> unanswered_since(RequestId attempt) const {
        if (latest_unanswered && latest == attempt) return sent;
        return older.empty() ? std::nullopt : older_since(attempt);
    }

  private:
    [[nodiscard]] std::optional<Time> older_since(RequestId attempt) const;
};

class RequestTracker {
  public:
    // Precondition: 0 < limit < 2^20. `seed`: random.
    RequestTracker(std::size_t limit, std::uint64_t seed);

    // A number for an operation that ends before it has begun.
    OperationId skip() { return OperationId(++operations_); }
    // Precondition: not full(). Wakes at the deadline. Its operation is still to be named.
    PendingRequest& open(Time deadline, void* context);
    void close(PendingRequest& request);

    // The operation whose attempt this is, if that attempt is unanswered; or nullptr. Valid until close().
    [[nodiscard]] PendingRequest* find(RequestId attempt);
    [[nodiscard]] PendingRequest& at(std::uint32_t slot) { return *requests_[slot]; }

    // A new attempt: its number. It is unanswered from now on.
    RequestId attempt(PendingRequest& request, Time now);
    // The attempt was refused before it was appended, or never left this client. Counts once.
    static void refused(PendingRequest& request, RequestId attempt);
    // The attempt was answered, but may have been appended.
    static void answered(PendingRequest& request, RequestId attempt);

    // due() will name the request at `when`, or at its deadline if that is earlier.
    void wake_at(const PendingRequest& request, Time when);
    // The slots whose time has come, in order; each must be closed, or given a later time to wake.
    [[nodiscard]] std::vector<std::uint32_t> due(Time now);
    [[nodiscard]] bool is_due(std::uint32_t slot, Time now) const { return wake_[slot] <= now; }

    template <class Visit>
    void for_each(Visit visit) {
        for (const std::unique_ptr<PendingRequest>& request : requests_)
            if (request->phase != PendingRequest::Phase::free) visit(*request);
    }
    [[nodiscard]] bool full() const { return free_.empty() && requests_.size() == limit_; }
    [[nodiscard]] std::size_t size() const { return requests_.size() - free_.size(); }

  private:
    std::size_t limit_;
    const std::uint64_t first_;  // attempt of each slot, less one
    std::uint64_t operations_ = 0;
    std::vector<std::unique_ptr<PendingRequest>> requests_;  // by slot; never shrinks
    std::vector<std::uint64_t> attempts_;                    // by slot: the number of its latest, of all its operations
    std::vector<Time> wake_;                                 // by slot
    std::vector<std::uint32_t> free_;                        // slots
    Time next_wake_ = Time::max();                           // not after any of wake_
};

}  // namespace ringkv
