#include "kvctl/exit_code.hpp"

#include <array>

namespace ringkv::kvctl {

ExitCode worse(ExitCode left, ExitCode right) noexcept {
    static constexpr std::array order = {ExitCode::ok,     ExitCode::not_found,       ExitCode::condition_failed,
                                         ExitCode::usage,  ExitCode::unavailable,     ExitCode::refused,
                                         ExitCode::failed, ExitCode::outcome_unknown, ExitCode::interrupted};
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
        if (*at == left || *at == right) return *at;
    }
    return left;
}

std::string next_step(const Error& error, std::string_view command) {
    switch (error.code()) {
        case ErrorCode::invalid_argument:
        case ErrorCode::configuration: return "kvctl " + std::string(command) + " --help";
        case ErrorCode::condition_failed: return "kvctl get KEY -o json, which shows the version that it has";
        case ErrorCode::unavailable: return "kvctl status, which shows what is down; or a longer --timeout";
        case ErrorCode::outcome_unknown: return "kvctl get KEY, which shows whether it was applied";
        case ErrorCode::wrong_cluster: return "kvctl status --registry tcp://host:port with the registry you mean";
        case ErrorCode::version_mismatch: return "kvctl version, and the same on the servers";
        case ErrorCode::malformed: return "whether the endpoint in --registry is a registry or a node of RingKV";
        case ErrorCode::refused:
        case ErrorCode::storage:
        case ErrorCode::internal: return "kvctl status";
        case ErrorCode::closed: return {};
    }
    return {};
}

}  // namespace ringkv::kvctl
