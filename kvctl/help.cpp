#include "kvctl/help.hpp"

#include <fmt/format.h>

namespace ringkv::kvctl {
namespace {

std::string option_lines(const std::vector<OptionSpec>& options) {
    std::string text;
    for (const OptionSpec& option : options) {
        const std::string letter = option.letter != 0 ? fmt::format("-{}, ", option.letter) : "";
        std::string form = fmt::format("  {}{} {}", letter, option.name, option.value);
        if (form.size() > 27) form += "\n" + std::string(27, ' ');
        text += fmt::format("{:<27} {}\n", form, option.help);
    }
    return text;
}

}  // namespace

std::string help_text(const std::vector<CommandSpec>& commands) {
    std::string text = "kvctl: the command line of RingKV\n\n  kvctl [options] COMMAND [words] [options]\n\ncommands\n";
    for (const CommandSpec& command : commands) {
        if (command.run == nullptr) continue;
        const std::string form = fmt::format("  {} {}", command.name, command.words);
        text += fmt::format("{:<36} {}\n", form, command.summary);
    }
    text += "\noptions of every command\n" + option_lines(global_options());
    text +=
        "\nexit codes\n"
        "  0 ok   1 key not found   2 usage, configuration, key or value size   3 condition failed\n"
        "  4 unavailable, not applied   5 outcome unknown   6 refused for safety   7 any other failure\n"
        "\nkvctl COMMAND --help says more about one.\n";
    return text;
}

std::string help_text(const CommandSpec& command) {
    std::string text = fmt::format("kvctl {} {}\n{}\n", command.name, command.words, command.summary);
    if (!command.details.empty()) text += fmt::format("\n{}\n", command.details);
    if (!command.options.empty()) text += "\noptions\n" + option_lines(command.options);
    return text + "\noptions of every command\n" + option_lines(global_options());
}

}  // namespace ringkv::kvctl
