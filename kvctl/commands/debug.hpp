// kvctl debug: looks into what a node keeps on disk.
#pragma once

#include "kvctl/context.hpp"

namespace ringkv::kvctl {

// debug log FILE: every record of a segment on standard output, what the segment is on standard error.
ExitCode run_debug(Context& context);

}  // namespace ringkv::kvctl
