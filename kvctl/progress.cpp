#include "kvctl/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kvctl/text.hpp"

namespace ringkv::kvctl {

std::string bar(double share, std::size_t columns) {
    share = std::clamp(share, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(columns));
    return fmt::format("[{}{}] {:3.0f} %", std::string(filled, '#'), std::string(columns - filled, '-'),
                       std::floor(share * 100));
}

std::string rate(double per_second) {
    if (per_second >= 1e6) return fmt::format("{:.2f} M", per_second / 1e6);
    if (per_second >= 1e4) return fmt::format("{:.1f} k", per_second / 1e3);
    return fmt::format("{:.0f}", per_second);
}

Progress::Progress(const Console& console, std::string verb, std::optional<std::uint64_t> total, bool shown)
    : console_(console),
      verb_(std::move(verb)),
      total_(total),
      shown_(shown && console.err_is_terminal),
      started_(Clock::now()),
      next_(started_) {}

bool Progress::due() {
    if (!shown_) return false;
    const auto now = Clock::now();
    if (now < next_) return false;
    next_ = now + std::chrono::milliseconds(100);
    return true;
}

void Progress::update(std::uint64_t keys, std::uint64_t bytes) {
    if (!due()) return;
    const double elapsed = std::max(seconds(), 1e-3);
    std::optional<double> share;
    if (total_ && *total_ > 0) share = static_cast<double>(bytes) / static_cast<double>(*total_);
    draw(share, fmt::format("{} {} keys, {} keys/s", verb_, grouped(keys), rate(static_cast<double>(keys) / elapsed)));
}

void Progress::show(double share, std::string text) {
    if (due()) draw(share, std::move(text));
}

void Progress::draw(std::optional<double> share, std::string line) {
    if (share) {
        line = bar(*share, 16) + "  " + line;
        if (*share > 0.01)
            line += fmt::format(", {} left", readable_time(seconds() / *share * std::max(1 - *share, 0.0)));
    }
    console_.err << "\r\033[K" << shorten(std::move(line), console_.columns - 1) << std::flush;
    dirty_ = true;
}

void Progress::say(std::string_view text) {
    clear();
    console_.say(text);
}

void Progress::clear() {
    if (!dirty_) return;
    console_.err << "\r\033[K" << std::flush;
    dirty_ = false;
}

double Progress::seconds() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
}

}  // namespace ringkv::kvctl
