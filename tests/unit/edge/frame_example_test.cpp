// The worked example of docs/protocol.md: a client in another language starts from it.
#include <gtest/gtest.h>

#include <string>

#include "common/edge/codec/codec.hpp"

namespace ringkv {
namespace {

std::string bytes(std::string_view hex) {
    std::string result;
    std::string digits;
    for (const char digit : hex) {
        if (digit == ' ') continue;
        digits += digit;
        if (digits.size() < 2) continue;
        result += static_cast<char>(std::stoi(digits, nullptr, 16));
        digits.clear();
    }
    return result;
}

TEST(Codec, WritesTheExampleOfTheProtocolPage) {
    const std::string expected = bytes(
        "97 a3 524b56 01 06 c4 10 00000000000000000000000000000000 00 00 00"
        "95 02 01 03 c4 01 6b c0");
    EXPECT_EQ(encode({}, {}, {Get{RequestId(1), PartitionId(3), "k"}}), expected);
    const auto decoded = decode(expected);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<Get>(decoded->messages.at(0)).key, "k");
}

}  // namespace
}  // namespace ringkv
