// Every command that has a name, those of later versions too.
#pragma once

#include <vector>

#include "kvctl/arguments.hpp"

namespace ringkv::kvctl {

const std::vector<CommandSpec>& command_table();

}  // namespace ringkv::kvctl
