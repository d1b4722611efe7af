// What Tab offers in the shell: commands, their words, options and the values of these, all from the command table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kvctl/arguments.hpp"

namespace ringkv::kvctl {

struct Candidates {
    std::string typed;               // the word before the cursor, as far as it is there
    std::vector<std::string> words;  // each begins with `typed`; sorted
};

// `before` is the line up to the cursor. Keys, files and words with quotes are not completed.
Candidates candidates(std::string_view before, const std::vector<CommandSpec>& commands);

// What all words begin with; empty if there are none.
std::string common_beginning(const std::vector<std::string>& words);

}  // namespace ringkv::kvctl
