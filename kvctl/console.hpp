// Where kvctl's words go: data on stdout, talk on stderr. Colour and progress only where a person looks.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

#include "kvctl/input.hpp"

namespace ringkv::kvctl {

enum class Colour : unsigned char { none, red, green, yellow, bold, dim };

struct Console {
    Input& in;
    std::ostream& out;
    std::ostream& err;
    bool in_is_terminal = false;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool colour = false;       // wanted, on whatever is a terminal
    std::size_t columns = 80;  // of the terminal
    Input* answers = nullptr;  // where a person answers questions, if not in `in`

    // The text, coloured if it goes to a terminal.
    [[nodiscard]] std::string paint_out(Colour colour, std::string_view text) const;
    [[nodiscard]] std::string paint_err(Colour colour, std::string_view text) const;
    // One line of talk.
    void say(std::string_view text) const { err << text << std::endl; }
};

// True once SIGINT came while an InterruptWatch or an InterruptShelter was alive.
[[nodiscard]] bool interrupted() noexcept;

// While one is alive the first SIGINT only sets interrupted(), so that a long command can stop in good order and
// say how far it came; the second ends the program, as the first does otherwise. One inside of another goes on with
// what that has seen.
class InterruptWatch {
  public:
    InterruptWatch();
    ~InterruptWatch();
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

  private:
    const bool outer_;
};

// While one is alive SIGINT sets interrupted() and never ends the program: of a shell, which outlives what it runs.
class InterruptShelter {
  public:
    InterruptShelter();
    ~InterruptShelter();
    InterruptShelter(const InterruptShelter&) = delete;
    InterruptShelter& operator=(const InterruptShelter&) = delete;

    // interrupted() is false again.
    static void forget() noexcept;

  private:
    const InterruptWatch watch_;
};

// What main's signal handler calls. -> false: end the program now. Async-signal-safe.
bool note_interrupt() noexcept;

}  // namespace ringkv::kvctl
