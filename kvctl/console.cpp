#include "kvctl/console.hpp"

#include <atomic>

namespace ringkv::kvctl {
namespace {

std::atomic<bool> watching{false};
std::atomic<bool> seen{false};
std::atomic<bool> sheltered{false};
static_assert(std::atomic<bool>::is_always_lock_free, "read and written in a signal handler");

std::string paint(bool wanted, Colour colour, std::string_view text) {
    if (!wanted || colour == Colour::none) return std::string(text);
    const auto code = [&]() -> std::string_view {
        switch (colour) {
            case Colour::red: return "31";
            case Colour::green: return "32";
            case Colour::yellow: return "33";
            case Colour::bold: return "1";
            case Colour::dim: return "2";
            case Colour::none: break;
        }
        return "0";
    }();
    return std::string("\033[").append(code).append("m").append(text).append("\033[0m");
}

}  // namespace

std::string Console::paint_out(Colour wanted, std::string_view text) const {
    return paint(colour && out_is_terminal, wanted, text);
}

std::string Console::paint_err(Colour wanted, std::string_view text) const {
    return paint(colour && err_is_terminal, wanted, text);
}

bool interrupted() noexcept {
    return seen.load();
}

InterruptWatch::InterruptWatch() : outer_(watching.exchange(true)) {
    if (!outer_) seen = false;
}

InterruptWatch::~InterruptWatch() {
    watching = outer_;
    if (!outer_) seen = false;
}

InterruptShelter::InterruptShelter() {
    sheltered = true;
}

InterruptShelter::~InterruptShelter() {
    sheltered = false;
}

void InterruptShelter::forget() noexcept {
    seen = false;
}

bool note_interrupt() noexcept {
    const bool first = watching.load() && !seen.exchange(true);
    return first || sheltered.load();
}

}  // namespace ringkv::kvctl
