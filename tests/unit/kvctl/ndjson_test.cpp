#include "kvctl/ndjson.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kvctl/base64.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::string_literals;

TEST(Base64, EncodesTheVectorsOfTheRfc) {
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foo"), "Zm9v");
    EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(to_base64("\xff\xfe\0"s), "//4A");
}

TEST(Base64, ReadsBackWhatItWrites) {
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 300; ++size) {
        std::string bytes(size, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    }
}

TEST(Base64, RefusesEveryOtherText) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zg= ", "Z===", "====", "Zm9v\n", "Zm9!", "Zh==", "Zm9=", "Zg==Zg=="}) {
        EXPECT_FALSE(from_base64(text)) << text;
    }
}

std::string reason(std::string_view line) {
    const auto record = parse_record(line);
    return record ? "taken" : record.error().message();
}

TEST(Ndjson, ReadsTextAndBase64) {
    const auto record =
        parse_record(R"( {"value_base64":"/wA=","key":"a\u0000\n\u20ac","more":{"key":["x"]},"version":3} )");
    ASSERT_TRUE(record) << record.error();
    EXPECT_EQ(record->key, "a\0\n\xe2\x82\xac"s);
    EXPECT_EQ(record->value, "\xff\0"s);
}

TEST(Ndjson, SaysWhatIsWrongWithALine) {
    EXPECT_EQ(reason("[1]"), "not a JSON object");
    EXPECT_EQ(reason("\"text\""), "not a JSON object");
    EXPECT_EQ(reason("12"), "not a JSON object");
    EXPECT_EQ(reason("{}"), "neither \"key\" nor \"key_base64\"");
    EXPECT_EQ(reason(R"({"key":"k"})"), "neither \"value\" nor \"value_base64\"");
    EXPECT_EQ(reason(R"({"key":"k","key_base64":"aw==","value":""})"), "both \"key\" and \"key_base64\"");
    EXPECT_EQ(reason(R"({"key":"k","value":1})"), "\"value\" is a number, not a string");
    EXPECT_EQ(reason(R"({"key":["k"],"value":"v"})"), "\"key\" is an array, not a string");
    EXPECT_EQ(reason(R"({"key":null,"value":"v"})"), "\"key\" is null, not a string");
    EXPECT_EQ(reason(R"({"key":"k","key":"l","value":"v"})"), "\"key\" is there twice");
    EXPECT_EQ(reason(R"({"key":"","value":"v"})"), "the key is empty");
    EXPECT_EQ(reason(R"({"key_base64":"?","value":"v"})"), "\"key_base64\" is not base64");
    EXPECT_EQ(reason(std::string(1000000, '[')), "not a JSON object");
    EXPECT_EQ(reason("{\"x\":" + std::string(1000000, '[')), "nested too deeply");
}

TEST(Ndjson, RefusesWhatIsNotJson) {
    for (const std::string& line :
         {"{"s, "nonsense"s, R"({"key":"k","value":"v"} suffix)"s, R"({"key":"k","value":"v"}{})"s,
          "{\"key\":\"\xff\",\"value\":\"\"}"s, R"({"key":"\ud800","value":""})"s, R"({"key":"k","value":"v",})"s}) {
        EXPECT_EQ(reason(line).rfind("not JSON", 0), 0U) << line << ": " << reason(line);
    }
}

TEST(Ndjson, BytesComeBackAsTheyWere) {
    std::mt19937 random(2);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(1 + random() % 20, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random() % (round % 2 == 0 ? 128 : 256));
        Json object = with_key(bytes);
        add_bytes(object, "value", bytes + "v");
        const auto record = parse_record(object.dump());
        ASSERT_TRUE(record) << object.dump();
        EXPECT_EQ(record->key, bytes);
        EXPECT_EQ(record->value, bytes + "v");
    }
}

}  // namespace
}  // namespace ringkv::kvctl
