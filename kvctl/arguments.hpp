// From an argument list to a command with its words and options.
//
// Our own small parser, not CLI11's: a key or a value may look like anything ("[a,b]", "%%", ""), and must arrive
// as it was typed; CLI11 splits such words where it gathers a list of them.
#pragma once

#include <ringkv/result.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kvctl/exit_code.hpp"

namespace ringkv::kvctl {

struct Context;

enum class OptionKind : unsigned char {
    flag,
    text,
    list,      // text, and may be repeated
    number,    // decimal, 0 or more
    count,     // decimal, 1 or more
    size,      // bytes, 1 or more: 100, 4KiB, 1MiB
    duration,  // 500ms, 5s, 2min
    format,    // table or json
};

struct OptionSpec {
    std::string_view name;  // "--limit"
    OptionKind kind = OptionKind::flag;
    std::string_view value = {};  // how help calls the value: "N"
    std::string_view help = {};
    char letter = 0;  // "-o"
};

struct CommandSpec {
    std::string_view name;
    std::string_view words = {};  // how help calls them: "KEY VALUE"
    std::string_view summary = {};
    std::size_t least_words = 0;
    std::size_t most_words = 0;
    std::vector<OptionSpec> options = {};
    std::string_view details = {};
    ExitCode (*run)(Context& context) = nullptr;  // nullptr: belongs to a later version
};

// The options that every command has.
const std::vector<OptionSpec>& global_options();

struct Arguments {
    const CommandSpec* command = nullptr;  // nullptr: none was named
    bool help = false;
    bool version = false;
    std::vector<std::string> words;

    [[nodiscard]] bool has(std::string_view option) const {
        return values.count(option) != 0 || lists.count(option) != 0;
    }
    [[nodiscard]] std::optional<std::string> text(std::string_view option) const;
    // Of an option of kind list: every value, in order.
    [[nodiscard]] std::vector<std::string> texts(std::string_view option) const;
    // Of options of kind number, count and size.
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view option) const;

    std::map<std::string, std::string, std::less<>> values;  // by the option's long name; checked
    std::map<std::string, std::vector<std::string>, std::less<>> lists;
};

// `arguments` is argv without the program. Options of every command may stand before or after its name, its own
// after it; everything after "--" is a word. Errors (invalid_argument) say what is wrong and the nearest right name.
Result<Arguments> parse_arguments(const std::vector<std::string>& arguments, const std::vector<CommandSpec>& commands);

// "belongs to a later version", for commands, options and values that are named but not built yet.
Error later_version(std::string_view what);

}  // namespace ringkv::kvctl
