// Log lines about what others do wrong: at most one a second, with how many were held back meanwhile, so
// that no peer can fill a disk by it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {

class WarningLimiter {
  public:
    void warn(std::string text, std::string from, std::string reason) {
        ++count_;
        const Time now = boot_time();
        if (logged_at_ && now - *logged_at_ < std::chrono::seconds(1)) return;
        logged_at_ = now;
        log(LogLevel::warning, std::move(text),
            {{"from", std::move(from)}, {"reason", std::move(reason)}, {"count", std::to_string(count_)}});
        count_ = 0;
    }

  private:
    std::optional<Time> logged_at_;
    std::uint64_t count_ = 0;  // since then
};

}  // namespace ringkv
