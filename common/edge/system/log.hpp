// Logging for the programs: one line an event; text on a terminal, JSON otherwise.
#pragma once

#include <span>
#include <string>

#include "common/actor.hpp"

namespace ringkv {

// Call once, before threads. `program` and `name` are in each line. Lines go to stderr.
void start_logging(const std::string& program, const std::string& name, LogLevel least = LogLevel::info);

// While it lives the lines of this thread bear this name, instead of start_logging()'s: for several servers in one
// process. A thread of a server's takes over the name of the thread that starts it:
//
//     thread_ = std::thread([this, name = log_name()] {
//         const NamedLog named(name);
//         run();
//     });
class NamedLog {
  public:
    explicit NamedLog(std::string name);
    ~NamedLog();
    NamedLog(const NamedLog&) = delete;
    NamedLog& operator=(const NamedLog&) = delete;

  private:
    std::string before_;
};
// That name; empty: start_logging()'s.
[[nodiscard]] const std::string& log_name();

// Thread-safe. Before start_logging() nothing is printed (the library is silent in other people's programs).
void log(const LogLine& line);
void log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields = {});

}  // namespace ringkv
