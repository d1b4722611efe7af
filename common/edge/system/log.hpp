// Logging for the programs: one line an event; text on a terminal, JSON otherwise.
#pragma once

#include <span>
#include <string>

#include "common/actor.hpp"

namespace ringkv {

// Call once, before threads. `program` and `name` are in each line. Lines go to stderr.
void start_logging(const std::string& program, const std::string& name, LogLevel least = LogLevel::info);
// Thread-safe. Before start_logging() nothing is printed (the library is silent in other people's programs).
void log(const LogLine& line);
void log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields = {});

}  // namespace ringkv
