// A line that is written over and over on a terminal's stderr, and nothing at all elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kvctl/console.hpp"

namespace ringkv::kvctl {

// "[#####-----]  50 %" of `columns` characters or so.
std::string bar(double share, std::size_t columns);

// "1.2 k", "3.40 M": three digits that matter.
std::string rate(double per_second);

class Progress {
  public:
    using Clock = std::chrono::steady_clock;

    // `verb`: "imported". `total`: of the bytes, if it is known. Nothing is shown unless `shown` and stderr is
    // a terminal.
    Progress(const Console& console, std::string verb, std::optional<std::uint64_t> total, bool shown = true);
    // Leaves the line empty.
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Shows how far it has come; at most ten times a second, the other calls cost next to nothing.
    void update(std::uint64_t keys, std::uint64_t bytes);
    // The same, where `share` of the whole is done, and the text says of what.
    void show(double share, std::string text);
    // A line of talk above the progress line.
    void say(std::string_view text);
    void clear();
    [[nodiscard]] double seconds() const;

  private:
    [[nodiscard]] bool due();
    void draw(std::optional<double> share, std::string line);

    const Console& console_;
    std::string verb_;
    std::optional<std::uint64_t> total_;
    bool shown_;
    bool dirty_ = false;  // something is on the line
    Clock::time_point started_;
    Clock::time_point next_;
};

}  // namespace ringkv::kvctl
