#include "common/edge/system/log.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace ringkv {
namespace {

// In one process for itself: logging is started once.
void log_everything() {
    log(LogLevel::error, "not asked for");
    start_logging("ringkv-node", "n1");
    log(LogLevel::debug, "too fine");
    log(LogLevel::warning, "a \"quoted\" line\nwith \x1b[31mcolour, \xff and {}",
        {{"partition", "17"}, {"text", "not the text"}, {"node", "n\xc3\xa9"}});
    std::_Exit(0);
}

// What is not a terminal gets one JSON object a line, whatever bytes the texts hold.
TEST(LogDeathTest, WritesOneJsonObjectALine) {
    std::FILE* const file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(::fileno(file), STDERR_FILENO);
        log_everything();
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    std::rewind(file);
    std::string text(10000, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);

    ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    const auto line = nlohmann::json::parse(text, nullptr, false);
    ASSERT_TRUE(line.is_object()) << text;
    EXPECT_EQ(line["level"], "warning");
    EXPECT_EQ(line["program"], "ringkv-node");
    EXPECT_EQ(line["name"], "n1");
    EXPECT_EQ(line["text"], "a \"quoted\" line\nwith \x1b[31mcolour, \xef\xbf\xbd and {}");
    EXPECT_EQ(line["partition"], "17");
    EXPECT_EQ(line["field_text"], "not the text");
    EXPECT_EQ(line["node"], "n\xc3\xa9");
    EXPECT_EQ(line["time"].get<std::string>().back(), 'Z');
}

}  // namespace
}  // namespace ringkv
