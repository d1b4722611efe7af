// How long a proposal stands at the registry, and how often its proposer says it again (protocol.md, V2). The two
// belong together: nodes repeat what they still want, and what is not repeated is not wanted any more.
#pragma once

#include "common/time.hpp"

namespace ringkv {

// A node, until it is answered; 45 ms later at most, for it looks at its partitions only now and then.
inline constexpr Duration proposal_repeat = std::chrono::milliseconds(150);
// The registry, from the newest repetition on. Far less than the grace that a proposal waits for when it removes a live
// member: one that was withdrawn in that time does not win.
inline constexpr Duration proposal_stands = std::chrono::milliseconds(400);

static_assert(proposal_stands > 2 * (proposal_repeat + std::chrono::milliseconds(45)), "one repetition may be lost");

}  // namespace ringkv
