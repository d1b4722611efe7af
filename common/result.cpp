#include "ringkv/result.hpp"

namespace ringkv {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::configuration: return "configuration";
        case ErrorCode::condition_failed: return "condition_failed";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::outcome_unknown: return "outcome_unknown";
        case ErrorCode::refused: return "refused";
        case ErrorCode::wrong_cluster: return "wrong_cluster";
        case ErrorCode::version_mismatch: return "version_mismatch";
        case ErrorCode::malformed: return "malformed";
        case ErrorCode::closed: return "closed";
        case ErrorCode::storage: return "storage";
        case ErrorCode::internal: return "internal";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
    return out << to_string(error.code()) << ": " << error.message();
}

}  // namespace ringkv
