// The text form of a scenario: blocks of commands, `----`, and what they print, as in etcd's raft
// (its "datadriven" tests).
//
//     # why this block is here
//     put c1 k v
//     view p0
//     ----
//     put k: version 1 (3 ms)
//     p0 v1 primary=n1 members=n1,n2,n3
//
// A block ends at the first empty line. Comments stand before commands. Output has no empty lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringkv/result.hpp"

namespace ringkv::scenarios {

struct Block {
    std::size_t line = 0;  // of the first command, from 1
    std::string heading;   // comments and empty lines before it, as they are
    std::vector<std::string> commands;
    std::string expected;  // each line with its newline
};

struct Story {
    std::vector<Block> blocks;
    std::string ending;  // what stands after the last block

    // Errors: malformed, with the line.
    static Result<Story> parse(std::string_view text);
    // The same text again, with these outputs instead of the expected ones.
    [[nodiscard]] std::string with_outputs(const std::vector<std::string>& outputs) const;
};

// The lines of both, with "-" before those only in `expected` and "+" before those only in `actual`.
[[nodiscard]] std::string diff(std::string_view expected, std::string_view actual);

// A command line's words. "..." keeps blanks together; \xNN, \n, \t, \\, \" inside quotes and outside are bytes.
[[nodiscard]] std::vector<std::string> words_of(std::string_view line);

}  // namespace ringkv::scenarios
