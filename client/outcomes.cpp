#include "client/outcomes.hpp"

namespace ringkv {

namespace {

std::string_view verb_of(const PendingRequest& request) {
    if (const auto* write = std::get_if<WriteOperation>(request.operation)) return write->value ? "put" : "erase";
    return std::holds_alternative<GetOperation>(*request.operation) ? "get" : "scan";
}

// "partition 12, asked node 3 at tcp://host:port 4 times, last refusal: busy".
std::string story_of(const PendingRequest& request) {
    if (request.phase == PendingRequest::Phase::ordered) return "an earlier write to the same key has no outcome yet";
    if (request.phase == PendingRequest::Phase::crowded)
        return "too many earlier writes to partition " + std::to_string(request.partition.value()) +
               " have no outcome yet";
    if (request.phase == PendingRequest::Phase::mapless) return "no cluster map yet";
    std::string story = "partition " + std::to_string(request.partition.value());
    if (request.attempts == 0) {
        story += request.target->none()     ? ", no node was asked"
                 : request.contact->talks() ? ", no room at " + request.target->endpoint + ", which is slow"
                                            : ", no connection to " + request.target->endpoint;
    } else {
        story += ", asked node " + std::to_string(request.target->node.value()) + " at " + request.target->endpoint;
        if (request.attempts > 1) story += ", attempt " + std::to_string(request.attempts);
    }
    if (!request.refusal.empty()) story += ", last refusal: " + request.refusal;
    if (request.attempts > 0 && request.refusal.empty()) story += ", no answer";
    return story;
}

Error unknown(const PendingRequest& request, const std::string& why) {
    return {ErrorCode::outcome_unknown, std::string(verb_of(request)) + " may or may not have been applied: " + why +
                                            " (" + story_of(request) +
                                            "); read the key to learn which, before writing it again"};
}

}  // namespace

Error deadline_passed(const PendingRequest& request) {
    if (request.is_write() && !request.refused_everywhere()) return unknown(request, "the deadline passed");
    return {ErrorCode::unavailable, std::string(verb_of(request)) + (request.is_write() ? " not applied" : " failed") +
                                        ": the deadline passed (" + story_of(request) +
                                        "); 'kvctl status' shows which nodes serve, then try again"};
}

Error closed_meanwhile(const PendingRequest& request) {
    if (request.is_write() && !request.refused_everywhere()) return unknown(request, "the client was closed");
    return {ErrorCode::closed, std::string(verb_of(request)) + ": the client was closed before an answer came"};
}

Error refused_for_good(const PendingRequest& request, ErrorCode code, const std::string& text) {
    if (request.is_write() && !request.refused_everywhere()) return unknown(request, text);
    return {code, std::string(verb_of(request)) + " refused by " + request.target->endpoint + ": " + text};
}

}  // namespace ringkv
