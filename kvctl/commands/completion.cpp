// completion: needs no cluster.
#include <fmt/format.h>

#include "kvctl/command_table.hpp"
#include "kvctl/commands/commands.hpp"
#include "kvctl/completion.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {

ExitCode run_completion(Context& context) {
    const std::string& shell = context.arguments.words[0];
    const auto script = completion_script(shell, command_table());
    if (!script)
        return report(context, Error(ErrorCode::invalid_argument,
                                     fmt::format("'{}' is none of bash, zsh and fish", escape(shell))));
    context.console.out << *script;
    return ExitCode::ok;
}

}  // namespace ringkv::kvctl
