#include "kvctl/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace ringkv::kvctl {

namespace {

std::vector<std::string> first_words(const CommandSpec& command) {
    return fixed_words(command.words);
}

// ---------------------------------------------------------------- bash

std::string joined(const std::vector<OptionSpec>& options, bool with_value_only) {
    std::string text;
    for (const OptionSpec& option : options) {
        if (with_value_only && option.kind == OptionKind::flag) continue;
        text += fmt::format("{}{}", text.empty() ? "" : " ", option.name);
        if (option.letter != 0) text += fmt::format(" -{}", option.letter);
    }
    return text;
}

// The option before a value is no command, and neither is its value.
std::string bash_script(const std::vector<CommandSpec>& commands) {
    std::string names;
    std::string cases;
    for (const CommandSpec& command : commands) {
        if (command.run == nullptr) continue;
        names += fmt::format("{} ", command.name);
        cases += fmt::format("        {}) words=\"{} {} $all\" ;;\n", command.name,
                             fmt::join(first_words(command), " "), joined(command.options, false));
    }
    std::string with_value = joined(global_options(), true);
    std::replace(with_value.begin(), with_value.end(), ' ', '|');
    return fmt::format(
        "# kvctl in bash: source <(kvctl completion bash)\n"
        "_kvctl() {{\n"
        "    local current=${{COMP_WORDS[COMP_CWORD]}} all=\"{}\" command= words= i\n"
        "    for ((i = 1; i < COMP_CWORD; ++i)); do\n"
        "        case ${{COMP_WORDS[i]}} in\n"
        "        {}) ((++i)) ;;\n"
        "        -*) ;;\n"
        "        *)\n"
        "            command=${{COMP_WORDS[i]}}\n"
        "            break\n"
        "            ;;\n"
        "        esac\n"
        "    done\n"
        "    case $command in\n"
        "        \"\") words=\"{} $all\" ;;\n"
        "{}"
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "}}\n"
        "complete -o default -F _kvctl kvctl\n",
        joined(global_options(), false), with_value, names, cases);
}

std::string zsh_script(const std::vector<CommandSpec>& commands) {
    return "# kvctl in zsh: source <(kvctl completion zsh)\nautoload -U +X bashcompinit && bashcompinit\n" +
           bash_script(commands);
}

// ---------------------------------------------------------------- fish

std::string quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') quoted += '\\';
        quoted += letter;
    }
    return quoted + "'";
}

std::string fish_option(const OptionSpec& option, std::string_view condition) {
    std::string line = "complete -c kvctl" + std::string(condition) + fmt::format(" -l {}", option.name.substr(2));
    if (option.letter != 0) line += fmt::format(" -s {}", option.letter);
    if (option.kind != OptionKind::flag) line += " -r";
    return line + " -d " + quoted(option.help) + "\n";
}

std::string fish_script(const std::vector<CommandSpec>& commands) {
    std::string script = "# kvctl in fish: kvctl completion fish | source\n";
    for (const OptionSpec& option : global_options()) script += fish_option(option, "");
    for (const CommandSpec& command : commands) {
        if (command.run == nullptr) continue;
        script += fmt::format("complete -c kvctl -n __fish_use_subcommand -f -a {} -d {}\n", command.name,
                              quoted(command.summary));
        const std::string seen = fmt::format(" -n '__fish_seen_subcommand_from {}'", command.name);
        for (const std::string& word : first_words(command))
            script += fmt::format("complete -c kvctl{} -a {}\n", seen, quoted(word));
        for (const OptionSpec& option : command.options) script += fish_option(option, seen);
    }
    return script;
}

}  // namespace

std::vector<std::string> fixed_words(std::string_view form) {
    constexpr std::string_view between = " | ";
    std::vector<std::string> words;
    while (!form.empty()) {
        const std::size_t next = form.find(between);
        std::string_view first = form.substr(0, std::min(form.find(' '), next));
        if (first.starts_with('[')) first.remove_prefix(1);
        form = next == std::string_view::npos ? "" : form.substr(next + between.size());
        const bool fixed = !first.empty() && std::none_of(first.begin(), first.end(), [](unsigned char letter) {
            return std::isupper(letter) != 0 || letter == '.';
        });
        for (std::size_t begin = 0; fixed && begin <= first.size();) {
            const std::size_t end = std::min(first.find('|', begin), first.size());
            words.emplace_back(first.substr(begin, end - begin));
            begin = end + 1;
        }
    }
    return words;
}

std::optional<std::string> completion_script(std::string_view shell, const std::vector<CommandSpec>& commands) {
    if (shell == "bash") return bash_script(commands);
    if (shell == "zsh") return zsh_script(commands);
    if (shell == "fish") return fish_script(commands);
    return std::nullopt;
}

}  // namespace ringkv::kvctl
