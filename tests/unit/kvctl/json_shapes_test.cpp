// The checker of docs/json.md catches what it is for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/unit/kvctl/json_shapes.hpp"

namespace ringkv::kvctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* rows = R"(
| field | type | what |
|---|---|---|
| `key` | string | |
| `key_base64` | string, instead of `key` | |
| `count` | integer | of them |
| `share` | number or null | |
| `note` | string, optional | |
| `nodes[].name` | string | |
| `nodes[].up` | boolean | |
| `names[]` | string | |
| `kinds.*.count` | integer | |
| `any` | object | |
| `"a.b"` | string, optional | |

    $ kvctl thing
    {"key":"k"}
)";

JsonShapes shapes(const std::string& form = "One object.") {
    return JsonShapes("# title\n## thing\n" + form + "\n" + rows);
}

std::vector<std::string> faults(const std::string& output, const std::string& form = "One object.") {
    return shapes(form).faults("thing", output);
}

// With some of its text replaced.
std::string right(const std::string& from = "", const std::string& to = "") {
    std::string text =
        R"({"key":"k","count":1,"share":0.5,"nodes":[{"name":"n1","up":true}],"names":["x"],"kinds":{"get":{"count":1}},"any":{"x":[1]}})";
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    return text;
}

TEST(JsonShapes, WhatIsAsDocumentedHasNoFaults) {
    EXPECT_THAT(faults(right()), IsEmpty());
    EXPECT_THAT(faults(right("\"key\"", "\"key_base64\"")), IsEmpty());
    EXPECT_THAT(faults(right("0.5", "null")), IsEmpty());
    EXPECT_THAT(faults(right("0.5", "1")), IsEmpty());
    EXPECT_THAT(faults(right("\"count\":1", "\"count\":1,\"note\":\"\",\"a.b\":\"\"")), IsEmpty());
    EXPECT_THAT(faults(right("{\"name\":\"n1\",\"up\":true}", "")), IsEmpty());
    EXPECT_THAT(faults(right() + "\n" + right() + "\n", "An object a line."), IsEmpty());
}

TEST(JsonShapes, WhatIsNotDocumentedIsAFault) {
    EXPECT_THAT(faults(right("\"count\":1", "\"count\":1,\"more\":1")),
                ElementsAre("more is printed and not documented"));
    EXPECT_THAT(faults(right("\"up\":true", "\"up\":true,\"more\":1")),
                ElementsAre("nodes[].more is printed and not documented"));
    EXPECT_THAT(faults(right("{\"count\":1}", "{\"count\":1,\"more\":1}")),
                ElementsAre("kinds.get.more is printed and not documented"));
}

TEST(JsonShapes, WhatIsNotPrintedIsAFault) {
    EXPECT_THAT(faults(right("\"key\":\"k\",", "")), ElementsAre("key is documented and not printed"));
    EXPECT_THAT(faults(right(",\"up\":true", "")), ElementsAre("nodes[].up is documented and not printed"));
    EXPECT_THAT(faults(right("\"nodes\":[{\"name\":\"n1\",\"up\":true}],", "")),
                ElementsAre("nodes is documented and not printed"));
    EXPECT_THAT(faults(right("\"key\":\"k\"", "\"key\":\"k\",\"key_base64\":\"aw==\"")),
                ElementsAre("key is printed, and what is instead of it as well"));
}

TEST(JsonShapes, AnotherTypeIsAFault) {
    EXPECT_THAT(faults(right("\"count\":1,", "\"count\":1.5,")), ElementsAre("count is of another type: 1.5"));
    EXPECT_THAT(faults(right("\"count\":1,", "\"count\":-1,")), ElementsAre("count is of another type: -1"));
    EXPECT_THAT(faults(right("\"count\":1,", "\"count\":null,")), ElementsAre("count is of another type: null"));
    EXPECT_THAT(faults(right("0.5", "\"0.5\"")), ElementsAre("share is of another type: \"0.5\""));
    EXPECT_THAT(faults(right("true", "1")), ElementsAre("nodes[].up is of another type: 1"));
    EXPECT_THAT(faults(right("[\"x\"]", "{}")), ElementsAre("names is no array: {}"));
    EXPECT_THAT(faults(right("{\"count\":1}", "1")), ElementsAre("kinds.get is no object: 1"));
}

TEST(JsonShapes, AnotherFormIsAFault) {
    EXPECT_THAT(faults(right() + right()), ElementsAre(HasSubstr("no JSON value")));
    EXPECT_THAT(faults("talk\n" + right(), "An object a line."), ElementsAre("it is no line of JSON: talk"));
    EXPECT_THAT(faults("", "An object a line."), ElementsAre("nothing is printed"));
    EXPECT_THAT(faults("[" + right() + "]"), ElementsAre(HasSubstr("is no object")));
    EXPECT_THAT(faults(right(), "No JSON."), ElementsAre("it prints no JSON"));
}

TEST(JsonShapes, ItIsKnownWhichFieldsWereNeverSeen) {
    JsonShapes all = shapes();
    EXPECT_THAT(all.faults("thing", right("{\"name\":\"n1\",\"up\":true}", "")), IsEmpty());
    EXPECT_THAT(all.never_seen("thing"),
                ElementsAre("a.b", "key_base64", "nodes[].name", "nodes[].up", "note", "share (null)"));
}

TEST(JsonShapes, ADocumentThatDoesNotKeepToTheNotationIsRefused) {
    EXPECT_THROW(shapes("Something."), std::runtime_error);
    EXPECT_THROW(JsonShapes("## thing\nOne object.\n| `a` | text | |\n"), std::runtime_error);
    EXPECT_THROW(JsonShapes("## thing\nOne object.\n| `a` | string, perhaps | |\n"), std::runtime_error);
    EXPECT_EQ(shapes().example("thing"), "    {\"key\":\"k\"}\n");
}

}  // namespace
}  // namespace ringkv::kvctl
