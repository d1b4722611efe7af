// Partitions that have lost all their members are begun anew, empty: what an operator may say, and nothing else does
// (protocol.md, V8).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/membership.hpp"
#include "registry/publication.hpp"

namespace ringkv::registry {

struct ResetVerdict {
    std::vector<PartitionId> reset;        // these are; those that were by the same request before are not among them
    std::optional<std::string> objection;  // nothing is: why, and what to do
    std::string text;                      // what was done, in one sentence
};

// Each must have lost all its members, or nothing is done. Each once. `since_1970`: the time now, UTC.
// Precondition: the cluster is formed.
[[nodiscard]] ResetVerdict reset_partitions(Publication& publication, Membership& membership, Duration since_1970,
                                            const std::vector<PartitionToReset>& wanted);

}  // namespace ringkv::registry
