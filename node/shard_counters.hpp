// What the parts of a shard count of their own doing, from its start on. Plain numbers that the shard's thread alone
// has: what shows them takes a copy (node/shard_figures.hpp). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

#include "common/messages.hpp"
#include "common/metrics/histogram.hpp"

namespace ringkv {

enum class RequestKind : std::uint8_t { write, get, scan };
inline constexpr std::array all_request_kinds{RequestKind::write, RequestKind::get, RequestKind::scan};

constexpr std::string_view name_of(RequestKind kind) {
    switch (kind) {
        case RequestKind::write: return "write";
        case RequestKind::get: return "get";
        case RequestKind::scan: return "scan";
    }
    return "";
}

// How a request ended that this shard took in.
enum class RequestOutcome : std::uint8_t {
    done,
    not_found,
    condition_failed,
    redirected,  // another node is the primary
    forgotten,   // it waited for so long that its client waits no more
};
inline constexpr std::size_t request_outcomes = 5;
// Those that release numbers may have, by and by.
inline constexpr std::size_t refusal_reasons = 16;

struct RequestCounters {
    std::array<std::uint64_t, request_outcomes> outcomes{};
    std::array<std::uint64_t, refusal_reasons> refused{};  // by RefusalReason
    std::uint64_t slow = 0;                                // of those answered: they took longer than slow_request
    LatencyHistogram answered;  // done, not found, condition failed: from its arrival in the transport to its answer
};

// Of clients, whatever became of them.
struct ArrivalCounters {
    std::uint64_t puts = 0;  // compare-and-set too
    std::uint64_t erases = 0;
    std::uint64_t gets = 0;
    std::uint64_t scans = 0;
    std::uint64_t written_bytes = 0;  // of keys and values, of puts and erases

    void count(const Write& write) {
        ++(write.value ? puts : erases);
        written_bytes += write.key.size() + (write.value ? write.value->size() : 0);
    }
    void count(const Get&) { ++gets; }
    void count(const Scan&) { ++scans; }
};

struct ShardCounters {
    ArrivalCounters arrivals;
    std::uint64_t read_bytes = 0;  // of keys and values that were found
    std::array<RequestCounters, all_request_kinds.size()> requests{};
    LatencyHistogram replication;  // of entries: appended to committed

    std::uint64_t view_changes = 0;  // views that this shard's replicas learned of
    std::uint64_t terms = 0;         // of which this node was made the primary
    std::uint64_t lease_losses = 0;  // of a partition that was served: its leases had run out
    std::uint64_t reads_waited = 0;  // for leases
    std::uint64_t transfers_begun = 0;
    std::uint64_t transfers_completed = 0;
    std::uint64_t transfer_bytes = 0;  // sent
    std::uint64_t prepares_again = 0;  // what a peer had not acknowledged in time
    std::uint64_t copies_deleted = 0;

    [[nodiscard]] RequestCounters& of(RequestKind kind) { return requests[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] const RequestCounters& of(RequestKind kind) const { return requests[static_cast<std::size_t>(kind)]; }
    void count(RequestKind kind, RequestOutcome outcome) { ++of(kind).outcomes[static_cast<std::size_t>(outcome)]; }
    // Of one that was answered with what it asked for.
    void answered(RequestKind kind, RequestOutcome outcome, Duration taken) {
        count(kind, outcome);
        of(kind).answered.add(taken);
    }
    void refused(RequestKind kind, RefusalReason reason) {
        ++of(kind).refused[static_cast<std::size_t>(reason) % refusal_reasons];
    }
};

template <class M>
constexpr RequestKind kind_of() {
    if constexpr (std::is_same_v<M, Write>) return RequestKind::write;
    if constexpr (std::is_same_v<M, Get>) return RequestKind::get;
    return RequestKind::scan;
}

constexpr RequestOutcome outcome_of(WriteStatus status) {
    switch (status) {
        case WriteStatus::condition_failed: return RequestOutcome::condition_failed;
        case WriteStatus::not_found: return RequestOutcome::not_found;
        default: return RequestOutcome::done;
    }
}

}  // namespace ringkv
