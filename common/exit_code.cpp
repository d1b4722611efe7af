#include "ringkv/exit_code.hpp"

namespace ringkv {

ExitCode exit_code(const Error& error) noexcept {
    switch (error.code()) {
        case ErrorCode::invalid_argument:
        case ErrorCode::configuration: return ExitCode::usage;
        case ErrorCode::condition_failed: return ExitCode::condition_failed;
        case ErrorCode::unavailable:
        case ErrorCode::closed: return ExitCode::unavailable;  // both say that a write was not applied
        case ErrorCode::outcome_unknown: return ExitCode::outcome_unknown;
        case ErrorCode::refused: return ExitCode::refused;
        case ErrorCode::wrong_cluster:
        case ErrorCode::version_mismatch:
        case ErrorCode::malformed:
        case ErrorCode::storage:
        case ErrorCode::internal: return ExitCode::failed;
    }
    return ExitCode::failed;
}

}  // namespace ringkv
