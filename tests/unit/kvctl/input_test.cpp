#include "kvctl/input.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::chrono_literals;
using Got = LineReader::Got;

std::vector<std::string> lines_of(const std::string& text, std::size_t at_once, std::size_t longest) {
    TextInput input(text, at_once);
    LineReader reader(input, longest);
    std::vector<std::string> lines;
    std::string line;
    for (;;) {
        const Got got = reader.next(line, 0ms).value();
        if (got == Got::end) return lines;
        lines.push_back(std::to_string(reader.number()) + (got == Got::too_long ? " too long" : " " + line));
    }
}

TEST(LineReader, SplitsHoweverTheBytesCome) {
    const std::vector<std::string> expected = {"1 one", "2 ", "3 three", "4 last"};
    for (std::size_t at_once = 1; at_once < 20; ++at_once) {
        EXPECT_EQ(lines_of("one\n\nthree\nlast", at_once, 100), expected) << at_once;
        EXPECT_EQ(lines_of("one\n\nthree\nlast\n", at_once, 100), expected) << at_once;
    }
    EXPECT_TRUE(lines_of("", 1, 100).empty());
}

TEST(LineReader, SkipsALineThatIsTooLongAndGoesOn) {
    const std::vector<std::string> expected = {"1 12345", "2 too long", "3 ok", "4 too long"};
    for (std::size_t at_once = 1; at_once < 20; ++at_once) {
        EXPECT_EQ(lines_of("12345\n123456\nok\n1234567", at_once, 5), expected) << at_once;
    }
}

TEST(LineReader, DoesNotWaitForWhatAPipeHasNotGot) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    DescriptorInput input(ends[0]);
    LineReader reader(input, 100);
    std::string line;
    EXPECT_EQ(reader.next(line, 0ms).value(), Got::nothing_yet);
    ASSERT_EQ(::write(ends[1], "ab", 2), 2);
    EXPECT_EQ(reader.next(line, 0ms).value(), Got::nothing_yet);
    ASSERT_EQ(::write(ends[1], "c\nd", 3), 3);
    EXPECT_EQ(reader.next(line, 0ms).value(), Got::line);
    EXPECT_EQ(line, "abc");
    ::close(ends[1]);
    EXPECT_EQ(reader.next(line, 0ms).value(), Got::line);
    EXPECT_EQ(line, "d");
    EXPECT_EQ(reader.next(line, 0ms).value(), Got::end);
    ::close(ends[0]);
}

TEST(Input, AMissingFileAndADirectoryAreErrors) {
    EXPECT_FALSE(open_file("/nonexistent/file"));
    const auto directory = open_file("/");
    ASSERT_TRUE(directory);
    EXPECT_FALSE(read_all(**directory, 100));
}

TEST(Input, RefusesMoreThanItMayTake) {
    TextInput input("123456", 2);
    EXPECT_EQ(read_all(input, 6).value(), "123456");
    TextInput again("1234567", 2);
    EXPECT_EQ(read_all(again, 6).error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ringkv::kvctl
