#include "node/transfer_pace.hpp"

#include <algorithm>

namespace ringkv {

namespace {
constexpr Duration between_deletions = std::chrono::milliseconds(10);
}  // namespace

void TransferPace::refill(Time now, std::uint64_t bytes_per_second) {
    const auto rate = static_cast<std::int64_t>(bytes_per_second);
    const Duration elapsed = std::min<Duration>(now - refilled_at_, std::chrono::milliseconds(100));
    refilled_at_ = now;
    const auto earned = std::chrono::duration<double>(elapsed).count() * static_cast<double>(rate);
    available_ = std::min<std::int64_t>(available_ + static_cast<std::int64_t>(earned), rate / 10 + 1);
}

bool TransferPace::take_deletion(Time now) {
    if (now - deleted_at_ < between_deletions) return false;
    deleted_at_ = now;
    return true;
}

}  // namespace ringkv
