// Keys and values of what the client sends are its operations', which are the caller's again once they have ended.
#include "tests/unit/client/hand_driver.hpp"

namespace ringkv::test {

class MessageBytesTest : public testing::Test {
  protected:
    void submit() {
        driver_.client.submit(driver_.now, operation_.get(), driver_.now + std::chrono::seconds(5), nullptr);
    }
    [[nodiscard]] const WriteOperation& write() const { return std::get<WriteOperation>(*operation_); }

    HandDriver driver_ = HandDriver::formed();
    std::unique_ptr<Operation> operation_ = std::make_unique<Operation>(
        WriteOperation{.key = "a key that is longer than a string keeps in itself", .value = "value", .expected = {}});
};

TEST_F(MessageBytesTest, AMessageTakesNoCopy) {
    submit();
    const Effects effects = driver_.client.take_effects();
    ASSERT_EQ(effects.sends.size(), 1U);
    const auto& message = std::get<Write>(effects.sends.front().message);
    EXPECT_EQ(message.key.data(), write().key.data());
    EXPECT_EQ(message.value->data(), write().value->data());
    EXPECT_EQ(message.key, write().key);
}

TEST_F(MessageBytesTest, AnOperationThatEndedBeforeItCouldBeSentIsNot) {
    submit();
    driver_.client.close(driver_.now);
    EXPECT_EQ(driver_.client.take_completions().size(), 1U);
    operation_.reset();
    driver_.turn();
    EXPECT_TRUE(driver_.sends.empty());
}

// What else the turn sends does.
TEST_F(MessageBytesTest, TheOthersOfItsTurnAreSent) {
    driver_.client.submit(driver_.now, GetOperation{.key = "other"}, driver_.now + std::chrono::seconds(5));
    driver_.client.submit(driver_.now, operation_.get(), driver_.now + std::chrono::milliseconds(1), nullptr);
    driver_.client.submit(driver_.now, GetOperation{.key = "third"}, driver_.now + std::chrono::seconds(5));
    driver_.now += std::chrono::milliseconds(2);
    driver_.client.tick(driver_.now);
    EXPECT_EQ(driver_.client.take_completions().size(), 1U);
    operation_.reset();
    driver_.turn();
    const auto gets = driver_.take<Get>();
    ASSERT_EQ(gets.size(), 2U);
    EXPECT_EQ(gets[0].message.key, "other");
    EXPECT_EQ(gets[1].message.key, "third");
    EXPECT_TRUE(driver_.take<Write>().empty());
}

}  // namespace ringkv::test
