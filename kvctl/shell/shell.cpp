#include "kvctl/shell/shell.hpp"

#include <fmt/format.h>

#include "kvctl/shell/words.hpp"

namespace ringkv::kvctl {

Result<std::size_t> Shell::NoInput::read(char* /*bytes*/, std::size_t /*size*/) {
    return Error(ErrorCode::invalid_argument,
                 "in the shell no command reads standard input, where the commands come from; `put KEY @FILE` and "
                 "`import FILE` read files");
}

Shell::Shell(const Context& context, const Console& console)
    : context_(context),
      given_(console),
      session_{context.arguments, Connections(context.registries, context.timeout)} {}

std::optional<ExitCode> Shell::run_line(std::string_view line) {
    auto words = split_words(line);
    if (!words) return report(context_, words.error(), "");
    if (!words->empty() && words->front() == program_name) words->erase(words->begin());
    if (words->empty()) return std::nullopt;
    const ExitCode code = run_words(*words);
    if (code == ExitCode::failed) session_.connections.forget();
    return code;
}

ExitCode Shell::run_words(const std::vector<std::string>& words) {
    if (words.front() == "exit" || words.front() == "quit") return end(words);
    const Console console{.in = no_input_,
                          .out = given_.out,
                          .err = given_.err,
                          .in_is_terminal = given_.in_is_terminal,
                          .out_is_terminal = given_.out_is_terminal,
                          .err_is_terminal = given_.err_is_terminal,
                          .colour = given_.colour,
                          .columns = given_.columns,
                          .answers = &given_.in};
    console.out.clear();  // what an earlier line could not print
    const ExitCode code = run(words, console, context_.program, &session_);
    if (words.front() == "help" && words.size() == 1)
        console.out << "In this shell exit, quit and Ctrl-D end it; Tab completes; '..', \"..\" and \\ quote.\n"
                    << std::flush;
    return code;
}

ExitCode Shell::end(const std::vector<std::string>& words) {
    if (words.size() > 1)
        return report(context_, Error(ErrorCode::invalid_argument, fmt::format("{} takes no words", words.front())),
                      "");
    ended_ = true;
    return ExitCode::ok;
}

std::string Shell::cluster() {
    Options options;
    options.registries = context_.registries;
    options.deadline = context_.timeout;
    const auto client = session_.connections.client(std::move(options));
    if (!client) {
        report_unconnected(context_, client.error());
        return {};
    }
    const auto status = client->status();
    if (!status) report(context_, status.error());
    return status ? status->cluster : "";
}

}  // namespace ringkv::kvctl
