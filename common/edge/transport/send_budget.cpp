#include "common/edge/transport/send_budget.hpp"

namespace ringkv {

bool SendBudget::over(std::uint64_t connection) const {
    const auto found = accounts_.find(connection);
    if (found == accounts_.end()) return false;
    const std::size_t held = found->second->bytes();
    const std::size_t all = all_->bytes();
    return held > of_one_ || (held > of_one_ / 16 && all > of_all_) || (held > 0 && all > of_all_ + of_all_ / 2);
}

bool SendBudget::refuses(std::uint64_t connection, std::size_t bytes) const {
    const auto found = accounts_.find(connection);
    if (found == accounts_.end()) return false;
    const std::size_t held = found->second->bytes();
    return held > 0 && held + bytes > 2 * of_one_;
}

const std::shared_ptr<HeldBytes>& SendBudget::account(std::uint64_t connection) {
    if (accounts_.size() >= look_at_) forget_idle();
    auto& account = accounts_[connection];
    if (!account) account = std::make_shared<HeldBytes>(all_);
    return account;
}

// A ROUTER does not tell when a connection has gone.
void SendBudget::forget_idle() {
    absl::erase_if(accounts_, [](const auto& item) { return item.second->bytes() == 0; });
    look_at_ = 2 * accounts_.size() + 64;
}

}  // namespace ringkv
