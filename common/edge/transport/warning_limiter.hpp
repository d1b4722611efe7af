// Log lines about what others do wrong: at most one a second, with how many were held back meanwhile, so
// that nobody can fill a disk by it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {

class WarningLimiter {
  public:
    void say(std::string text, std::string from, std::string reason) {
        ++held_back_;
        const Time now = boot_time();
        if (said_ && now - *said_ < std::chrono::seconds(1)) return;
        said_ = now;
        log(LogLevel::warning, std::move(text),
            {{"from", std::move(from)}, {"reason", std::move(reason)}, {"count", std::to_string(held_back_)}});
        held_back_ = 0;
    }

  private:
    std::optional<Time> said_;
    std::uint64_t held_back_ = 0;
};

}  // namespace ringkv
