// A line of the shell as words, by the quoting of POSIX shells (IEEE Std 1003.1, "Shell Command Language", 2.2).
//
// '...' is literal; in "..." a backslash keeps the next of $ ` " and \; elsewhere it keeps any next character. A '#'
// that begins a word begins a comment. Nothing is expanded, and nothing else is special: $, *, ~, | and > are
// themselves.
#pragma once

#include <ringkv/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringkv::kvctl {

struct Word {
    std::string text;         // without its quotes
    std::size_t begin = 0;    // its first byte in the line
    bool has_quotes = false;  // or a backslash
};

struct SplitLine {
    std::vector<Word> words;
    bool ends_in_word = false;        // no blank comes after the last one
    std::optional<std::size_t> open;  // the quote that is not closed, or the backslash that keeps nothing
};

SplitLine split_line(std::string_view line);

// Errors: invalid_argument, where a quote is not closed.
Result<std::vector<std::string>> split_words(std::string_view line);

// What split_words() reads back as this one word.
std::string quote(std::string_view word);

}  // namespace ringkv::kvctl
