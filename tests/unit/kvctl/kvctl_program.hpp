// kvctl as a function: an argument list and standard input in, an exit code and two streams out.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "kvctl/app.hpp"

namespace ringkv::kvctl {

class TextInput : public Input {
  public:
    // Gives out at most `at_once` bytes a read, as a pipe may.
    explicit TextInput(std::string text, std::size_t at_once = 1U << 20U) : text_(std::move(text)), at_once_(at_once) {}

    bool ready(std::chrono::milliseconds /*patience*/) override { return true; }
    Result<std::size_t> read(char* bytes, std::size_t size) override {
        const std::size_t count = std::min({size, at_once_, text_.size() - at_});
        std::memcpy(bytes, text_.data() + at_, count);
        at_ += count;
        return count;
    }

  private:
    std::string text_;
    std::size_t at_once_;
    std::size_t at_ = 0;
};

struct Ran {
    int code = 0;
    std::string out;
    std::string err;
};

inline Ran kvctl(const std::vector<std::string>& arguments, const std::string& input = "", bool terminal = false,
                 std::chrono::milliseconds watch_every = std::chrono::milliseconds(1)) {
    TextInput in(input, 7);
    std::ostringstream out;
    std::ostringstream err;
    const Console console{.in = in,
                          .out = out,
                          .err = err,
                          .in_is_terminal = terminal,
                          .out_is_terminal = terminal,
                          .err_is_terminal = terminal};
    const Program program{
        .version = "1.2.3", .protocol = "1.0", .registries = std::nullopt, .watch_every = watch_every};
    const auto code = static_cast<int>(run(arguments, console, program));
    return {code, out.str(), err.str()};
}

// One form of each command that needs a cluster.
inline std::vector<std::vector<std::string>> commands_that_ask() {
    return {{"put", "k", "v"},
            {"get", "k"},
            {"del", "k"},
            {"mget", "k"},
            {"mput"},
            {"scan"},
            {"export"},
            {"import", "-"},
            {"status"},
            {"nodes"},
            {"check"},
            {"events"},
            {"top", "--once"},
            {"ring"},
            {"locate", "k"},
            {"bench", "get"},
            {"bench", "put"},
            {"plan"},
            {"repair", "status"},
            {"settings", "get"},
            {"node", "drain", "n1", "--yes"},
            {"snapshot", "save", testing::TempDir() + "kvctl_unsaved"}};
}

}  // namespace ringkv::kvctl
