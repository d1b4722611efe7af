// What a caller is told when an operation ends without an answer: the three outcomes of C3 in words. Pure.
#pragma once

#include <string>

#include "client/request_tracker.hpp"

namespace ringkv {

// The deadline has passed. unavailable: not applied; outcome_unknown: perhaps.
[[nodiscard]] Error deadline_passed(const PendingRequest& request);
// The client is being closed. closed: not applied; outcome_unknown: perhaps.
[[nodiscard]] Error closed_meanwhile(const PendingRequest& request);
// A final refusal. A write of which another attempt may have been appended becomes outcome_unknown.
[[nodiscard]] Error refused_for_good(const PendingRequest& request, ErrorCode code, const std::string& text);

}  // namespace ringkv
