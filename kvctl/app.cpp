#include "kvctl/app.hpp"

#include <fmt/format.h>

#include "kvctl/command_table.hpp"
#include "kvctl/commands/commands.hpp"
#include "kvctl/context.hpp"
#include "kvctl/help.hpp"
#include "kvctl/session.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

constexpr std::string_view default_registry = "tcp://127.0.0.1:7400";

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (comma > 0) parts.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return parts;
}

// What was given to the shell holds for a line that does not say it itself.
void take_from_shell(Arguments& arguments, const Arguments& given) {
    for (const OptionSpec& option : global_options()) {
        const auto value = given.text(option.name);
        if (value && option.kind != OptionKind::flag) arguments.values.try_emplace(std::string(option.name), *value);
    }
}

Context make_context(const Console& console, const Arguments& arguments, const Program& program, Session* session) {
    Context context{console, arguments, program, session};
    std::string registries = arguments.text("--registry").value_or(program.registries.value_or(""));
    if (registries.empty()) registries = default_registry;
    context.registries = split(registries);
    context.json = arguments.text("--output") == "json";
    if (const auto timeout = arguments.text("--timeout")) context.timeout = parse_duration(*timeout).value();
    if (arguments.text("--slow")) context.slow = std::make_shared<SlowCalls>();
    return context;
}

ExitCode run_parsed(Arguments& arguments, const Console& console, const Program& program, Session* session) {
    const std::vector<CommandSpec>& commands = command_table();
    if (arguments.help) {
        console.out << (arguments.command != nullptr ? help_text(*arguments.command) : help_text(commands));
        return ExitCode::ok;
    }
    if (arguments.command == nullptr) {
        if (!arguments.version) {
            console.err << help_text(commands);
            return ExitCode::usage;
        }
        for (const CommandSpec& command : commands) {
            if (command.run == run_version) arguments.command = &command;
        }
    }
    if (session != nullptr) take_from_shell(arguments, session->given);
    Context context = make_context(console, arguments, program, session);
    if (context.registries.empty()) {
        return report(context, Error(ErrorCode::invalid_argument, "the list of registries is empty"));
    }
    const ExitCode code = arguments.command->run(context);
    if (context.slow) context.slow->report(console);
    return code;
}

}  // namespace

ExitCode run(const std::vector<std::string>& arguments, const Console& console, const Program& program,
             Session* session) {
    auto parsed = parse_arguments(arguments, command_table());
    if (!parsed) {
        console.say(fmt::format("{} {}", console.paint_err(Colour::red, "kvctl:"), parsed.error().message()));
        console.say("  try: kvctl --help, or kvctl COMMAND --help");
        return ExitCode::usage;
    }
    const ExitCode code = run_parsed(*parsed, console, program, session);
    console.out.flush();
    if (console.out.good()) return code;
    console.say(fmt::format("{} cannot write to standard output", console.paint_err(Colour::red, "kvctl:")));
    return worse(code, ExitCode::failed);
}

}  // namespace ringkv::kvctl
