#include "common/edge/system/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ringkv {
namespace {

// Of a process for itself: what it writes to standard error.
std::string written_by(void (*process)()) {
    std::FILE* const file = std::tmpfile();
    EXPECT_NE(file, nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(::fileno(file), STDERR_FILENO);
        process();
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    std::rewind(file);
    std::string text(10000, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text;
}

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
    const std::string text = written_by(log_everything);
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

void log_under_names() {
    start_logging("kvctl demo", "demo");
    {
        const NamedLog named("n1");
        log(LogLevel::info, "of n1");
        std::thread([name = log_name()] {
            const NamedLog of_its_starter(name);
            log(LogLevel::info, "of a thread of n1");
        }).join();
        std::thread([] { log(LogLevel::info, "of another thread"); }).join();
    }
    log(LogLevel::info, "of the process");
    std::_Exit(0);
}

TEST(LogDeathTest, ALineBearsTheNameOfItsThread) {
    std::istringstream lines(written_by(log_under_names));
    std::vector<std::pair<std::string, std::string>> seen;
    for (std::string text; std::getline(lines, text);) {
        const auto line = nlohmann::json::parse(text);
        seen.emplace_back(line.at("text"), line.at("name"));
    }
    EXPECT_THAT(seen, testing::ElementsAre(testing::Pair("of n1", "n1"), testing::Pair("of a thread of n1", "n1"),
                                           testing::Pair("of another thread", "demo"),
                                           testing::Pair("of the process", "demo")));
}

}  // namespace
}  // namespace ringkv
