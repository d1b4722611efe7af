// One question, one answer, and clients that are slow, hostile, or gone.
#include "demo/control_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "demo/control_protocol.hpp"
#include "tests/temporary_directory.hpp"

namespace ringkv::demo {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::unique_ptr<ControlServer> open(const std::filesystem::path& path, ControlServer::Handler handler) {
    auto server = ControlServer::open(path, std::move(handler));
    EXPECT_TRUE(server) << server.error();
    return std::move(*server);
}

std::string echo(std::string_view request) {
    return "you said " + std::string(request);
}

class ControlSocket : public ::testing::Test {
  protected:
    [[nodiscard]] int connected() const {
        const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
        const sockaddr_un address = this->address();
        EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return socket;
    }
    [[nodiscard]] sockaddr_un address() const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string text = path_.string();
        EXPECT_LT(text.size(), sizeof address.sun_path);
        std::memcpy(&address.sun_path[0], text.data(), std::min(text.size(), sizeof address.sun_path - 1));
        return address;
    }

    test::TemporaryDirectory directory_;
    std::filesystem::path path_ = control_path(directory_.path(), 7400);
};

TEST_F(ControlSocket, AnswersEachRequest) {
    const auto server = open(path_, echo);
    EXPECT_EQ(*ask(path_, "a", 10s), "you said a");
    EXPECT_EQ(*ask(path_, "b", 10s), "you said b");
}

TEST_F(ControlSocket, NoServerIsUnavailable) {
    const auto none = ask(path_, "a", 10s);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code(), ErrorCode::unavailable);
    { const auto server = open(path_, echo); }
    EXPECT_FALSE(ask(path_, "a", 10s));
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ControlSocket, AClientThatSaysNothingOrGoesHoldsUpNoOtherForLong) {
    const auto server = open(path_, echo);
    const int silent = connected();
    const int gone = connected();
    ::close(gone);
    EXPECT_EQ(*ask(path_, "a", 10s), "you said a");
    ::close(silent);
}

TEST_F(ControlSocket, ARequestIsNeverLongerThanItMayBe) {
    std::size_t most = 0;
    const auto server = open(path_, [&most](std::string_view request) {
        most = std::max(most, request.size());
        return std::string("no");
    });
    EXPECT_EQ(*ask(path_, std::string(100000, 'x'), 10s), "no");
    EXPECT_EQ(most, most_request_bytes + 1);  // so that it is seen to be too long
}

TEST_F(ControlSocket, AServerThatDoesNotAnswerIsNotWaitedForForEver) {
    std::atomic<bool> asked{false};
    std::atomic<bool> over{false};
    const auto server = open(path_, [&](std::string_view) {
        asked = true;
        over.wait(false);
        return std::string("late");
    });
    const auto answer = ask(path_, "a", 50ms);
    asked.wait(false);
    over = true;
    over.notify_all();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::unavailable);
    EXPECT_THAT(answer.error().message(), HasSubstr("did not answer in time"));
}

TEST_F(ControlSocket, TheNameOfAServerThatWasKilledIsTakenOverThatOfALiveOneIsNot) {
    const int dead = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
    const sockaddr_un address = this->address();
    ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(dead);
    ASSERT_TRUE(std::filesystem::exists(path_));
    const auto server = open(path_, echo);
    const auto second = ControlServer::open(path_, echo);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::refused);
    EXPECT_EQ(*ask(path_, "a", 10s), "you said a");
}

TEST_F(ControlSocket, ANameThatIsTooLongIsSaidToBe) {
    const auto server = ControlServer::open(directory_.path() / std::string(200, 'x'), echo);
    ASSERT_FALSE(server);
    EXPECT_THAT(server.error().message(), HasSubstr("shorter"));
}

}  // namespace
}  // namespace ringkv::demo
