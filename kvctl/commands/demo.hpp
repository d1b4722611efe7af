// kvctl demo: a whole cluster inside kvctl, on real ports, whose nodes are killed and paused from another terminal.
#pragma once

#include "kvctl/context.hpp"

namespace ringkv::kvctl {

// Without words: runs until SIGINT, SIGTERM or SIGHUP, or for --seconds. With words: asks the one that runs.
ExitCode run_demo(Context& context);

}  // namespace ringkv::kvctl
