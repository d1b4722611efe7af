// Scripts by which shells complete kvctl's commands, their words and options. All come from the command table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kvctl/arguments.hpp"

namespace ringkv::kvctl {

// The words that may come first in such a form: "drain|undrain|remove NAME" -> drain, undrain, remove; "get [NAME] |
// set NAME VALUE" -> get, set. None for what stands for something else, which is in capitals.
std::vector<std::string> fixed_words(std::string_view form);

// `shell`: bash, zsh or fish; none for another.
std::optional<std::string> completion_script(std::string_view shell, const std::vector<CommandSpec>& commands);

}  // namespace ringkv::kvctl
