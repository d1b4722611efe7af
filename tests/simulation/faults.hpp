// The kinds of fault that a simulated run can have, by name.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringkv::simulation {

enum class Fault : std::uint8_t {
    // The network, message by message.
    loss,
    delay,
    duplication,
    reordering,
    redelivery,            // once more after seconds, across views and restarts of the receiver
    lost_answers,          // the registry's answers are lost, while its publications arrive at some
    lost_publications,     // epochs never arrive
    repeated_start_view,   // again after later Prepares
    repeated_state_chunk,  // again after later chunks, and after the learner's restart
    damaged,               // it arrives as bytes that are no message: the receiver refuses the frame
    full_queue,            // a client's message cannot leave, and the client is told
    // The network, link by link.
    one_way_cut,
    partition,     // two groups of hosts
    registry_cut,  // a node and the registry
    client_cut,    // a client and a node
    slow_peer,
    slow_then_cut,  // a primary, by more than its lease; then from everything
    // Processes.
    node_crash,
    crash_point,     // at a persist or a send
    new_view_crash,  // a primary between learning a view and its StartView
    crash_of_all,    // nodes and registry at once
    node_stop,       // SIGTERM
    pause,           // longer than the lease, or shorter
    clock_rate,
    hasty_restart,  // of a backup, within its promise, while its primary is cut off from the registry
    registry_restart,
    client_crash,
    // Membership.
    join,         // a node more
    replacement,  // a dead node's name on another machine
    drain,        // an operator drains a node, and thinks better of it
    removal,      // and here means it: the node ends once it is empty
    // Storage; of nodes with `durability: memory` only the registry's.
    slow_sync,
    power_loss,    // what was not synced is gone
    torn_tail,     // but for a part of it
    stalled_sync,  // of a learner, a new primary or any node, until its power goes
    failed_disk,   // a write or a sync fails: the process ends
    wiped_disk,
    registry_loss,  // the registry's storage: blank, or an old backup, until an operator brings the newest back
    // The network, last, for the seeds of before tell the same stories.
    narrow_link,       // what leaves a node waits in queues of so many bytes, and what finds no room there is dropped
    registry_rebuild,  // the registry's storage is gone for good, and made anew from what the nodes know
    partition_reset,   // all members of a partition lose their storage, and an operator has it begun anew
    count_,
};

inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(Fault::count_);

using FaultSet = std::bitset<fault_kinds>;
using FaultCounts = std::array<std::uint64_t, fault_kinds>;

[[nodiscard]] constexpr std::size_t index_of(Fault fault) {
    return static_cast<std::size_t>(fault);
}
[[nodiscard]] std::string_view name_of(Fault fault);
[[nodiscard]] FaultSet all_faults();
// "loss,pause"; "all"; "none". Nothing: a name is unknown.
[[nodiscard]] std::optional<FaultSet> parse_faults(std::string_view list);
[[nodiscard]] std::string to_string(const FaultSet& faults);

}  // namespace ringkv::simulation
