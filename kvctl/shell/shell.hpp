// kvctl shell, without what it reads from: lines in, commands run, exit codes out.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "kvctl/context.hpp"
#include "kvctl/session.hpp"

namespace ringkv::kvctl {

// What a line may begin with beside kvctl's commands.
inline constexpr std::array<std::string_view, 3> shell_words = {"exit", "help", "quit"};
// And what it may begin with for nothing, for whole commands that are copied.
inline constexpr std::string_view program_name = "kvctl";

class Shell {
  public:
    // `context` is that of the command `shell`; `console` is what its lines print to, and must outlive the Shell. No
    // command reads console.in: the lines themselves may come from there.
    Shell(const Context& context, const Console& console);

    // nullopt: there was nothing on the line. What went wrong has been said.
    std::optional<ExitCode> run_line(std::string_view line);
    // exit or quit was there.
    [[nodiscard]] bool ended() const { return ended_; }
    // The cluster's name; empty if it cannot be asked now, which has been said. Connects.
    std::string cluster();

  private:
    // Of standard input, for the commands that read it.
    class NoInput : public Input {
      public:
        bool ready(std::chrono::milliseconds /*patience*/) override { return true; }
        Result<std::size_t> read(char* bytes, std::size_t size) override;
    };

    ExitCode run_words(const std::vector<std::string>& words);
    ExitCode end(const std::vector<std::string>& words);

    const Context& context_;
    NoInput no_input_;
    const Console& given_;
    Session session_;
    bool ended_ = false;
};

}  // namespace ringkv::kvctl
