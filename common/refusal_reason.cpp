#include "common/refusal_reason.hpp"

namespace ringkv {

std::string_view name_of(RefusalReason reason) {
    switch (reason) {
        case RefusalReason::overloaded: return "overloaded";
        case RefusalReason::busy: return "busy";
        case RefusalReason::session_expired: return "session expired";
        case RefusalReason::bad_key: return "bad key";
        case RefusalReason::bad_value: return "bad value";
        case RefusalReason::not_built: return "not built yet";
        case RefusalReason::too_old: return "too old";
    }
    return "unknown reason";
}

}  // namespace ringkv
