// A line that a person types on a terminal, with the keys of other shells: arrows, Tab, Ctrl-R, Ctrl-A and so on, and
// what ~/.editrc says (editrc(5)). Wraps libedit.
//
// Thread safety: none, and at most one at a time. Sets the locale of the process to UTF-8.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kvctl/shell/candidates.hpp"

namespace ringkv::kvctl {

class LineEditor {
  public:
    using Offer = std::function<Candidates(std::string_view before_cursor)>;
    enum class Got : unsigned char {
        line,
        interrupted,  // SIGINT (Ctrl-C), as interrupted() tells: what had been typed is gone
        end,          // Ctrl-D on an empty line, or the terminal is gone
    };

    // Reads standard input, and shows on standard error what is typed. `most_remembered` lines come back by arrow up.
    LineEditor(std::size_t most_remembered, Offer offer);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    // The next line, without its end. Precondition: an InterruptShelter is alive, and has forgotten.
    Got read(const std::string& prompt, std::string& line);
    // So that arrow up brings it back. The same as the one before: nothing new.
    void remember(const std::string& line);
    // Of the terminal now.
    [[nodiscard]] static std::size_t columns();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringkv::kvctl
