#include "kvctl/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

Error usage_error(std::string message) {
    return Error(ErrorCode::invalid_argument, std::move(message));
}

std::string perhaps(std::string_view word, const std::vector<std::string_view>& candidates) {
    const auto name = nearest(word, candidates);
    return name ? fmt::format("; did you mean '{}'?", *name) : "";
}

// What is wrong with the value, or nothing.
std::string_view fault(OptionKind kind, std::string_view value) {
    switch (kind) {
        case OptionKind::number: return parse_number(value) ? "" : "a whole number";
        case OptionKind::count: return parse_number(value).value_or(0) > 0 ? "" : "a whole number above 0";
        case OptionKind::size: return parse_size(value).value_or(0) > 0 ? "" : "a size, such as 100, 4KiB or 1MiB";
        case OptionKind::duration: return parse_duration(value) ? "" : "a time, such as 500ms, 5s or 2min";
        case OptionKind::format: return value == "table" || value == "json" ? "" : "table or json";
        case OptionKind::text:
        case OptionKind::list: return value.empty() ? "a value" : "";
        case OptionKind::flag: break;
    }
    return "";
}

class Parser {
  public:
    Parser(const std::vector<std::string>& arguments, const std::vector<CommandSpec>& commands)
        : arguments_(arguments), commands_(commands) {}

    Result<Arguments> run() {
        bool only_words = false;
        while (at_ < arguments_.size()) {
            const std::string& argument = arguments_[at_++];
            if (!only_words && argument == "--") {
                only_words = true;
            } else if (!only_words && argument.size() > 1 && argument.front() == '-') {
                if (auto taken = take_option(argument); !taken) return taken.error();
            } else if (parsed_.command != nullptr) {
                parsed_.words.push_back(argument);
            } else {
                if (auto taken = take_command(argument); !taken) return taken.error();
            }
        }
        if (!parsed_.help && parsed_.command != nullptr) {
            if (auto checked = check_words(); !checked) return checked.error();
        }
        return std::move(parsed_);
    }

  private:
    Result<void> take_command(const std::string& name) {
        if (name == "help" && !parsed_.help) {  // `kvctl help`, `kvctl help put`
            parsed_.help = true;
            return {};
        }
        for (const CommandSpec& command : commands_) {
            if (command.name != name) continue;
            parsed_.command = &command;
            if (command.run == nullptr) return later_version(fmt::format("the command '{}'", name));
            return {};
        }
        std::vector<std::string_view> names;
        for (const CommandSpec& command : commands_) names.push_back(command.name);
        return usage_error(fmt::format("there is no command '{}'{}", escape(name), perhaps(name, names)));
    }

    const OptionSpec* find(std::string_view name) const {
        const auto matches = [&](const OptionSpec& option) {
            return option.name == name || (name.size() == 2 && option.letter == name[1]);
        };
        const auto in = [&](const std::vector<OptionSpec>& options) -> const OptionSpec* {
            const auto found = std::find_if(options.begin(), options.end(), matches);
            return found == options.end() ? nullptr : &*found;
        };
        if (parsed_.command != nullptr) {
            if (const OptionSpec* option = in(parsed_.command->options)) return option;
        }
        return in(global_options());
    }

    Error unknown(std::string_view name) const {
        std::vector<std::string_view> names;
        for (const OptionSpec& option : global_options()) names.push_back(option.name);
        if (parsed_.command == nullptr) {
            return usage_error(
                fmt::format("there is no option '{}' before a command{}", escape(name), perhaps(name, names)));
        }
        for (const OptionSpec& option : parsed_.command->options) names.push_back(option.name);
        std::string hint = perhaps(name, names);
        if (hint.empty() && parsed_.command->most_words > 0) hint = "; a word that begins with '-' goes after --";
        return usage_error(fmt::format("{} has no option '{}'{}", parsed_.command->name, escape(name), hint));
    }

    // --name, --name=value, --name value, -x, -x value, -xvalue
    Result<void> take_option(const std::string& argument) {
        std::string name = argument;
        std::optional<std::string> value;
        if (const std::size_t equals = argument.find('='); argument[1] == '-' && equals != std::string::npos) {
            name = argument.substr(0, equals);
            value = argument.substr(equals + 1);
        } else if (argument[1] != '-' && argument.size() > 2 && find(argument.substr(0, 2)) != nullptr) {
            name = argument.substr(0, 2);
            value = argument.substr(2);
        }
        const OptionSpec* option = find(name);
        if (option == nullptr) return unknown(name);
        if (option->kind == OptionKind::flag) {
            if (value) return usage_error(fmt::format("{} takes no value", option->name));
            parsed_.help = parsed_.help || option->name == "--help";
            parsed_.version = parsed_.version || option->name == "--version";
            parsed_.values[std::string(option->name)] = "";
            return {};
        }
        if (!value) {
            if (at_ == arguments_.size()) return usage_error(fmt::format("{} needs {}", option->name, option->value));
            value = arguments_[at_++];
        }
        if (const std::string_view wanted = fault(option->kind, *value); !wanted.empty()) {
            return usage_error(fmt::format("{} needs {}, not '{}'", option->name, wanted, escape(*value)));
        }
        if (option->kind == OptionKind::list)
            parsed_.lists[std::string(option->name)].push_back(*value);
        else
            parsed_.values[std::string(option->name)] = *value;
        return {};
    }

    Result<void> check_words() const {
        const CommandSpec& command = *parsed_.command;
        const std::string form = fmt::format("the form is: kvctl {} {}", command.name, command.words);
        if (parsed_.words.size() < command.least_words) {
            return usage_error(fmt::format("{} needs more words; {}", command.name, form));
        }
        if (parsed_.words.size() > command.most_words) {
            return usage_error(
                fmt::format("'{}' is one word too many; {}", escape(parsed_.words[command.most_words]), form));
        }
        return {};
    }

    const std::vector<std::string>& arguments_;
    const std::vector<CommandSpec>& commands_;
    std::size_t at_ = 0;
    Arguments parsed_;
};

}  // namespace

const std::vector<OptionSpec>& global_options() {
    static const std::vector<OptionSpec> options = {
        {"--registry", OptionKind::text, "tcp://HOST:PORT[,...]",
         "registry or nodes to ask (or RINGKV_REGISTRY; default tcp://127.0.0.1:7400)"},
        {"--output", OptionKind::format, "table|json", "how data is printed", 'o'},
        {"--timeout", OptionKind::duration, "TIME", "for each operation, retries included (default 5s)"},
        {"--slow", OptionKind::duration, "TIME", "tell of calls that take so long, by the ids in the nodes' logs"},
        {"--help", OptionKind::flag, "", "this text", 'h'},
        {"--version", OptionKind::flag, "", "the same as the command version"},
    };
    return options;
}

std::optional<std::string> Arguments::text(std::string_view option) const {
    const auto found = values.find(option);
    if (found == values.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string> Arguments::texts(std::string_view option) const {
    const auto found = lists.find(option);
    return found == lists.end() ? std::vector<std::string>() : found->second;
}

std::optional<std::uint64_t> Arguments::number(std::string_view option) const {
    const auto value = text(option);
    if (!value) return std::nullopt;
    const auto plain = parse_number(*value);
    return plain ? plain : parse_size(*value);
}

Result<Arguments> parse_arguments(const std::vector<std::string>& arguments, const std::vector<CommandSpec>& commands) {
    return Parser(arguments, commands).run();
}

Error later_version(std::string_view what) {
    return usage_error(fmt::format("{} belongs to a later version", what));
}

}  // namespace ringkv::kvctl
