// What --help prints.
#pragma once

#include <string>

#include "kvctl/arguments.hpp"

namespace ringkv::kvctl {

std::string help_text(const std::vector<CommandSpec>& commands);
std::string help_text(const CommandSpec& command);

}  // namespace ringkv::kvctl
