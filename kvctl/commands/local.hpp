// kvctl local: a whole cluster inside kvctl, driven by a script.
#pragma once

#include "kvctl/context.hpp"

namespace ringkv::kvctl {

// Reads the script from the file that is named, or from standard input; answers on standard output, the moves
// log and errors, with their line, on standard error. A line that fails does not end the script. -> the worst of them.
ExitCode run_local(Context& context);

}  // namespace ringkv::kvctl
