#include "kvctl/shell/candidates.hpp"

#include <algorithm>

#include "kvctl/completion.hpp"
#include "kvctl/shell/shell.hpp"
#include "kvctl/shell/words.hpp"

namespace ringkv::kvctl {
namespace {

// How far a line has got, a word after the other.
class Place {
  public:
    explicit Place(const std::vector<CommandSpec>& commands) : commands_(commands) {}

    void pass(const std::string& word) {
        if (option_ != nullptr) {
            option_ = nullptr;  // its value
        } else if (!only_words_ && word == "--") {
            only_words_ = true;
        } else if (!only_words_ && word.size() > 1 && word.front() == '-') {
            const OptionSpec* option = find_option(word);
            if (option != nullptr && option->kind != OptionKind::flag) option_ = option;
        } else if (command_ == nullptr && word == "help") {
            helping_ = true;
        } else if (command_ == nullptr) {
            pass_command(word);
        } else {
            ++words_;
        }
    }

    [[nodiscard]] std::vector<std::string> offers(std::string_view typed) const {
        if (lost_) return {};
        if (option_ != nullptr) return fixed_words(option_->value);
        if (!only_words_ && typed.starts_with('-')) return options();
        if (command_ == nullptr) return names();
        return words_ == 0 && !helping_ ? fixed_words(command_->words) : std::vector<std::string>();
    }

  private:
    void pass_command(const std::string& word) {
        for (const CommandSpec& command : commands_)
            if (command.name == word && command.run != nullptr) command_ = &command;
        lost_ = command_ == nullptr;
    }

    [[nodiscard]] const OptionSpec* find_option(const std::string& word) const {
        const auto in = [&](const std::vector<OptionSpec>& options) -> const OptionSpec* {
            for (const OptionSpec& option : options)
                if (option.name == word || (word.size() == 2 && option.letter == word[1])) return &option;
            return nullptr;
        };
        const OptionSpec* own = command_ != nullptr ? in(command_->options) : nullptr;
        return own != nullptr ? own : in(global_options());
    }

    [[nodiscard]] std::vector<std::string> options() const {
        std::vector<std::string> names;
        if (command_ != nullptr)
            for (const OptionSpec& option : command_->options) names.emplace_back(option.name);
        for (const OptionSpec& option : global_options()) names.emplace_back(option.name);
        return names;
    }

    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const CommandSpec& command : commands_)
            if (command.run != nullptr) names.emplace_back(command.name);
        if (!helping_) names.insert(names.end(), shell_words.begin(), shell_words.end());
        return names;
    }

    const std::vector<CommandSpec>& commands_;
    const CommandSpec* command_ = nullptr;
    const OptionSpec* option_ = nullptr;  // whose value comes next
    std::size_t words_ = 0;               // of the command, that were passed
    bool only_words_ = false;
    bool helping_ = false;
    bool lost_ = false;  // there is no such command
};

}  // namespace

Candidates candidates(std::string_view before, const std::vector<CommandSpec>& commands) {
    SplitLine line = split_line(before);
    if (line.open) return {};
    Candidates found;
    if (line.ends_in_word) {
        if (line.words.back().has_quotes) return {};
        found.typed = std::move(line.words.back().text);
        line.words.pop_back();
    }
    Place place(commands);
    for (std::size_t i = 0; i < line.words.size(); ++i)
        if (i > 0 || line.words[i].text != program_name) place.pass(line.words[i].text);
    for (std::string& word : place.offers(found.typed))
        if (word.starts_with(found.typed)) found.words.push_back(std::move(word));
    std::ranges::sort(found.words);
    return found;
}

std::string common_beginning(const std::vector<std::string>& words) {
    if (words.empty()) return {};
    std::string common = words.front();
    for (const std::string& word : words)
        common.resize(static_cast<std::size_t>(std::ranges::mismatch(common, word).in1 - common.begin()));
    return common;
}

}  // namespace ringkv::kvctl
