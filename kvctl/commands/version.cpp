// version: needs no cluster.
#include <fmt/format.h>

#include "kvctl/commands/commands.hpp"

namespace ringkv::kvctl {

ExitCode run_version(Context& context) {
    const Program& program = context.program;
    if (context.json) {
        print_json(context, {{"version", program.version}, {"protocol", program.protocol}});
    } else {
        context.console.out << fmt::format("kvctl {} (protocol {})\n", program.version, program.protocol);
    }
    return ExitCode::ok;
}

}  // namespace ringkv::kvctl
