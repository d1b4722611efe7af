// shell: kvctl's commands, one a line, typed on a terminal or read from a script.
#include "kvctl/shell/shell.hpp"

#include <fmt/format.h>

#include <optional>

#include "kvctl/command_table.hpp"
#include "kvctl/commands/commands.hpp"
#include "kvctl/shell/history_file.hpp"
#include "kvctl/shell/line_editor.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

constexpr std::size_t longest_line = std::size_t{4} << 20U;
constexpr std::size_t longest_name = 30;

std::string code_text(ExitCode code) {
    return fmt::format("exit code {}", static_cast<int>(code));
}

// Every line, whatever becomes of the others, until one is interrupted. -> the worst of them.
ExitCode run_script(Context& context) {
    Shell shell(context, context.console);
    LineReader lines(context.console.in, longest_line);
    std::string line;
    ExitCode worst = ExitCode::ok;
    while (!shell.ended() && worst != ExitCode::interrupted) {
        const auto got = lines.next(line, std::chrono::seconds(1));
        if (!got) return worse(worst, report(context, got.error()));
        if (*got == LineReader::Got::end) break;
        if (*got == LineReader::Got::nothing_yet) continue;
        const ExitCode code = *got == LineReader::Got::line
                                  ? shell.run_line(line).value_or(ExitCode::ok)
                                  : report(context, Error(ErrorCode::invalid_argument,
                                                          fmt::format("longer than {} bytes", longest_line)));
        if (code != ExitCode::ok)
            context.console.say(fmt::format("kvctl shell: line {}: {}", lines.number(), code_text(code)));
        worst = worse(worst, code);
    }
    return worst;
}

// Lines that a person types.
class Conversation {
  public:
    explicit Conversation(Context& context)
        : context_(context),
          console_(context.console),
          shell_(context, console_),
          editor_(HistoryFile::most_lines,
                  [](std::string_view before) { return candidates(before, command_table()); }) {
        if (context.program.state_directory) history_.emplace(*context.program.state_directory);
    }

    ExitCode run() {
        recall();
        const std::string prompt = prompt_of(shell_.cluster());
        std::string line;
        while (!shell_.ended()) {
            InterruptShelter::forget();
            const auto got = editor_.read(prompt, line);
            if (got == LineEditor::Got::end) break;
            if (got == LineEditor::Got::line) take(line);
        }
        if (!shell_.ended()) console_.say("");  // after ^D
        return ExitCode::ok;
    }

  private:
    static std::string prompt_of(const std::string& cluster) {
        return (cluster.empty() ? "kvctl" : shorten(escape(cluster), longest_name)) + "> ";
    }

    void recall() {
        if (!history_) return;
        const auto lines = history_->load();
        if (!lines) return give_up_history(lines.error());
        for (const std::string& line : *lines) editor_.remember(line);
    }

    void take(const std::string& line) {
        remember(line);
        console_.columns = LineEditor::columns();
        InterruptShelter::forget();
        const ExitCode code = shell_.run_line(line).value_or(ExitCode::ok);
        if (code != ExitCode::ok) console_.say(console_.paint_err(Colour::dim, code_text(code)));
    }

    void remember(const std::string& line) {
        if (line == newest_ || !HistoryFile::keeps(line)) return;
        newest_ = line;
        editor_.remember(line);
        if (!history_) return;
        if (const auto kept = history_->append(line); !kept) give_up_history(kept.error());
    }

    void give_up_history(const Error& error) {
        console_.say(fmt::format("note: what is typed is not remembered for the next shell: {}", error.message()));
        history_.reset();
    }

    const InterruptShelter shelter_;
    Context& context_;
    Console console_;  // the terminal's width may change
    Shell shell_;
    LineEditor editor_;
    std::optional<HistoryFile> history_;
    std::string newest_;
};

}  // namespace

ExitCode run_shell(Context& context) {
    if (context.session != nullptr)
        return report(context, Error(ErrorCode::invalid_argument, "this is the shell already"), "");
    const bool converses = context.console.in_is_terminal && context.console.err_is_terminal;
    return converses ? Conversation(context).run() : run_script(context);
}

}  // namespace ringkv::kvctl
