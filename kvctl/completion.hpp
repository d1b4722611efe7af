// Scripts by which shells complete kvctl's commands, their words and options. All come from the command table.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kvctl/arguments.hpp"

namespace ringkv::kvctl {

// `shell`: bash, zsh or fish; none for another.
std::optional<std::string> completion_script(std::string_view shell, const std::vector<CommandSpec>& commands);

}  // namespace ringkv::kvctl
