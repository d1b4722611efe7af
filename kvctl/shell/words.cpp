#include "kvctl/shell/words.hpp"

#include <fmt/format.h>

#include <utility>

namespace ringkv::kvctl {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view kept_in_quotes = "$`\"\\";

bool is_blank(char byte) {
    return blanks.find(byte) != std::string_view::npos;
}

class Splitter {
  public:
    explicit Splitter(std::string_view line) : line_(line) {}

    SplitLine run() {
        while (at_ < line_.size() && !split_.open) {
            const std::size_t begin = at_;
            const char byte = line_[at_++];
            if (is_blank(byte)) {
                end_word();
            } else if (byte == '#' && !in_word_) {
                at_ = line_.size();
            } else {
                begin_word(begin);
                take(byte, begin);
            }
        }
        split_.ends_in_word = in_word_;
        end_word();
        return std::move(split_);
    }

  private:
    void begin_word(std::size_t begin) {
        if (std::exchange(in_word_, true)) return;
        word_ = {};
        word_.begin = begin;
    }

    void end_word() {
        if (std::exchange(in_word_, false)) split_.words.push_back(std::move(word_));
    }

    void take(char byte, std::size_t begin) {
        if (byte != '\'' && byte != '"' && byte != '\\') {
            word_.text += byte;
            return;
        }
        word_.has_quotes = true;
        const bool closed = byte == '\'' ? take_single() : byte == '"' ? take_double() : take_kept();
        if (!closed) split_.open = begin;
    }

    // Each: what follows the quote, up to and with its end. False: it has none.
    bool take_single() {
        const std::size_t end = line_.find('\'', at_);
        word_.text += line_.substr(at_, end - at_);
        at_ = end == std::string_view::npos ? line_.size() : end + 1;
        return end != std::string_view::npos;
    }

    bool take_double() {
        while (at_ < line_.size()) {
            const char byte = line_[at_++];
            if (byte == '"') return true;
            const bool keeps =
                byte == '\\' && at_ < line_.size() && kept_in_quotes.find(line_[at_]) != std::string::npos;
            word_.text += keeps ? line_[at_++] : byte;
        }
        return false;
    }

    bool take_kept() {
        if (at_ == line_.size()) return false;
        word_.text += line_[at_++];
        return true;
    }

    const std::string_view line_;
    std::size_t at_ = 0;
    bool in_word_ = false;
    Word word_;
    SplitLine split_;
};

}  // namespace

SplitLine split_line(std::string_view line) {
    return Splitter(line).run();
}

Result<std::vector<std::string>> split_words(std::string_view line) {
    SplitLine split = split_line(line);
    if (split.open) {
        const char quote = line[*split.open];
        return Error(ErrorCode::invalid_argument,
                     quote == '\\' ? "the backslash at the end of the line keeps nothing; a backslash itself is \\\\"
                                   : fmt::format("the quote {} at column {} is not closed; a quote itself is \\{}",
                                                 quote, *split.open + 1, quote));
    }
    std::vector<std::string> words;
    words.reserve(split.words.size());
    for (Word& word : split.words) words.push_back(std::move(word.text));
    return words;
}

std::string quote(std::string_view word) {
    std::string quoted = "'";
    for (const char byte : word) {
        if (byte == '\'')
            quoted += "'\\''";
        else
            quoted += byte;
    }
    return quoted + "'";
}

}  // namespace ringkv::kvctl
