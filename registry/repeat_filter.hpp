// A node that is refused asks again and again; the log need not say so each time.
#pragma once

#include <map>
#include <string>

#include "common/time.hpp"

namespace ringkv::registry {

class RepeatFilter {
  public:
    // True if the text was not let through in the last ten seconds.
    [[nodiscard]] bool pass(Time now, const std::string& text) {
        const auto found = said_.find(text);
        if (found != said_.end() && now - found->second < std::chrono::seconds(10)) return false;
        if (said_.size() >= 1000) said_.clear();  // bounded, whatever strangers send
        said_[text] = now;
        return true;
    }

  private:
    std::map<std::string, Time> said_;
};

}  // namespace ringkv::registry
