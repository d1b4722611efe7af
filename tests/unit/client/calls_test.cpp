#include "client/edge/calls.hpp"

#include <gtest/gtest.h>

namespace ringkv {
namespace {

const WriteOperation& as_write(const Operation& operation) {
    return std::get<WriteOperation>(operation);
}

// An operation that is used again has nothing left of what it was.
TEST(Calls, AnOperationIsWrittenOverAsAWhole) {
    Operation operation;
    calls::write(operation, "key", "value", 7);
    EXPECT_EQ(as_write(operation).key, "key");
    EXPECT_EQ(as_write(operation).value, "value");
    EXPECT_EQ(as_write(operation).expected, OpNumber(7));

    calls::write(operation, "k", "");
    EXPECT_EQ(as_write(operation).key, "k");
    EXPECT_EQ(as_write(operation).value, "");
    EXPECT_EQ(as_write(operation).expected, std::nullopt);

    calls::write(operation, "longer than before", std::nullopt, 0);
    EXPECT_EQ(as_write(operation).key, "longer than before");
    EXPECT_EQ(as_write(operation).value, std::nullopt);
    EXPECT_EQ(as_write(operation).expected, OpNumber(0));

    calls::read(operation, "read");
    EXPECT_EQ(std::get<GetOperation>(operation).key, "read");
    calls::read(operation, "r");
    EXPECT_EQ(std::get<GetOperation>(operation).key, "r");

    calls::write(operation, "again", "value");
    EXPECT_EQ(as_write(operation).key, "again");
    EXPECT_EQ(as_write(operation).value, "value");
    EXPECT_EQ(as_write(operation).expected, std::nullopt);
}

TEST(Calls, AWriteIsOrderedUnlessItIsSaidOtherwiseOrWaitedFor) {
    EXPECT_TRUE(as_write(calls::write("key", "value")).ordered);
    EXPECT_FALSE(as_write(calls::write("key", "value", {}, {.ordered = false})).ordered);
    EXPECT_FALSE(as_write(calls::awaited(calls::write("key", "value"))).ordered);
    EXPECT_EQ(std::get<GetOperation>(calls::awaited(calls::read("key"))).key, "key");
}

}  // namespace
}  // namespace ringkv
