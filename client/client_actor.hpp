// The client's core behind the actor's door: operations go in, completions come out, and between them
// stand the cached map, the retries and the deadlines (protocol.md, C1 - C4). Pure.
//
// How an operation goes:
//   submit -> [a write waits for earlier writes to its key] -> [waits for the first map]
//     -> [a write waits until fewer writes to its partition have no outcome]
//     -> [waits in line until the partition's primary is heard from, and has room]
//     -> attempt -> answer: completion
//                -> NotPrimary: map mended, next attempt there
//                -> refused: a pause, next attempt
//                -> the node is silent: nothing more goes there before it is heard, or the map names another
//                -> no answer though the node talks: lost at last, next attempt
//   A stale read goes to the first replica that talks, and from one that refuses it, or falls silent, to the next.
//     -> deadline: unavailable, or outcome_unknown if a write may have been appended by any attempt
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/contacts.hpp"
#include "client/map_finder.hpp"
#include "client/operation.hpp"
#include "client/request_tracker.hpp"
#include "client/ring_cache.hpp"
#include "client/sequences.hpp"
#include "client/write_order.hpp"
#include "common/actor.hpp"

namespace ringkv {

struct RetrySettings {
    Duration pause = std::chrono::milliseconds(5);  // after the first refusal; twice as long after each next one
    Duration longest_pause = std::chrono::milliseconds(100);
    Duration longest_overload_pause = std::chrono::seconds(1);  // where the refusal was `overloaded`
    std::uint32_t redirects = 3;  // followed at once, in one operation; the next ones after redirect_pause
    Duration redirect_pause = std::chrono::milliseconds(10);
};

struct ClientOptions {
    std::vector<std::string> registries;  // endpoints that serve the map: the registry's, or nodes'
    ClientId id;                          // random, never used by another client, not none
    std::size_t in_flight = 65536;        // operations under way at most
    std::string rack{};                   // stale reads go to replicas there first
    Duration slow{};                      // an operation that takes longer is told of; 0 = none is
    std::function<void(const SlowOperation&)> on_slow{};
    ContactSettings contact;
    RetrySettings retry;
};

class ClientActor final : public Actor {
  public:
    // The seed only spreads retries.
    ClientActor(ClientOptions options, std::uint64_t seed);

    // Exactly one completion follows for each, also if it is invalid or there are too many.
    OperationId submit(Time now, Operation&& operation, Time deadline);
    // The same without a copy: the operation stays the caller's, and as it is, until its completion was taken. That has
    // the context, which is the caller's own matter.
    OperationId submit(Time now, const Operation* operation, Time deadline, void* context);
    [[nodiscard]] std::vector<Completion> take_completions();
    [[nodiscard]] bool has_completions() const { return !completions_.empty(); }
    // Ends everything under way; what is submitted later ends at once. Errors: closed, outcome_unknown.
    void close(Time now);

    [[nodiscard]] const RingCache& cache() const { return cache_; }

    void receive(Time now, const Origin& from, Message message) override;
    void tick(Time now) override;
    void durable(Time, BatchNumber) override {}
    void unsent(Time now, const Outgoing& message) override;
    [[nodiscard]] Effects take_effects() override;
    [[nodiscard]] Identity identity() const override { return {.cluster = cache_.cluster(), .node = {}, .start = {}}; }
    [[nodiscard]] bool finished() const override { return closed_; }

  private:
    // An attempt that leaves with the next effects; its message is there, but empty.
    struct Unwritten {
        std::size_t place;  // in effects_.sends
        RequestId id;
        bool sure;  // nothing less sure than a linearizable answer is asked for
    };

    // Precondition: there is a map. That of the key; or as the scan says.
    [[nodiscard]] PartitionId partition_of(const PendingRequest& request) const;
    [[nodiscard]] std::optional<Error> refuse_at_once(const Operation& operation) const;
    OperationId end_at_once(Error error, void* context);
    OperationId begin(Time now, PendingRequest& request);

    // Attempts.
    void dispatch(Time now, PendingRequest& request);
    void dispatch_ready(Time now);
    [[nodiscard]] const Route& route_of(Time now, PendingRequest& request);
    [[nodiscard]] const Route& replica_for(Time now, PendingRequest& request);
    // The map says that another node is to be asked than before.
    [[nodiscard]] bool moved(const PendingRequest& request) const;
    void ask_next_replica(Time now, PendingRequest& request, Duration longest);
    void stand_in_line(Time now, PendingRequest& request, const Route& route);
    void serve_line(Time now, Contact& contact);
    void send(Time now, PendingRequest& request);
    void withdraw(PendingRequest& request);
    void give_back(PendingRequest& request);
    void look_after(Time now, PendingRequest& request);
    void fell_silent(Time now, Contact& contact);
    void heard(Time now, const Origin& from);
    void knock(Time now);
    void write_message(const PendingRequest& request, const Unwritten& attempt, Message& message) const;
    void write_messages();
    void back_off(Time now, PendingRequest& request, Duration longest);
    void wake(Time now, PendingRequest& request);
    void expire(PendingRequest& request);
    void finish(PendingRequest& request, Result<Outcome>&& outcome);
    void tell_slow(const PendingRequest& request) const;
    void complete(OperationId id, void* context, Result<Outcome>&& outcome);
    [[nodiscard]] Duration jittered(Duration duration);

    // Answers.
    PendingRequest* answered(Time now, const Origin& from, RequestId attempt);
    void on(Time now, const Origin& from, WriteAnswer& answer);
    void on(Time now, const Origin& from, GetAnswer& answer);
    void on(Time now, const Origin& from, ScanAnswer& answer);
    void on(Time now, const Origin& from, NotPrimary& answer);
    void on(Time now, const Origin& from, RequestRefused& answer);
    void on(Time now, const Origin& from, FrameRefused& answer);
    void on(Time now, const Origin& from, MapSnapshot& answer);
    void on(Time now, const Origin& from, MapDelta& delta);
    void on(Time now, const Origin& from, CurrentEpoch& beacon);
    void session_expired(Time now, PendingRequest& request, const RequestRefused& answer);

    // The map.
    void ask_for_map(Time now);
    void ask_map_of(const std::string& endpoint, const MapRequest& question);
    void keep_asking(Time now, PendingRequest& request);
    void map_changed(Time now);
    void map_confirmed(const std::string& by);
    void follow_publisher(const std::string& map_source);
    [[nodiscard]] bool ours(const Origin& from) const { return cache_.formed() && from.cluster == cache_.cluster(); }
    [[nodiscard]] Error no_map() const;

    RetrySettings retry_;
    Duration slow_;
    std::function<void(const SlowOperation&)> on_slow_;
    ClientId id_;
    std::string rack_;
    RingCache cache_;
    RequestTracker tracker_;
    WriteOrder order_;
    Sequences sequences_;
    MapFinder finder_;
    Contacts contacts_;
    std::uint64_t random_;
    // Each with the memory that the last batch of its kind took: so it is taken once for a batch.
    Effects effects_;
    std::vector<Unwritten> unwritten_;
    std::size_t usual_sends_ = 0;
    std::vector<Completion> completions_;
    std::size_t usual_completions_ = 0;
    std::vector<std::uint32_t> ready_;  // slots of writes whose turn has come, or where there are fewer before them
    std::vector<std::uint32_t> freed_;  // used again by each that ends
    std::vector<Contact*> roomy_;       // where some wait in line, and may now be sent
    std::string publisher_;             // that we follow
    bool heard_unformed_ = false;       // a registry or node answered that its cluster is not formed yet
    std::optional<FrameRefused> map_refused_;
    bool closed_ = false;
    Time now_{};  // of the turn
};

}  // namespace ringkv
