// The registry as its program runs it: real sockets, real disk, a thread for each.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "common/edge/running/event_loop.hpp"
#include "common/edge/running/storage_thread.hpp"
#include "common/edge/system/clock.hpp"
#include "common/placement/placement.hpp"
#include "driver.hpp"
#include "registry/edge/store.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/edge/gated_storage.hpp"

namespace ringkv::test {
namespace {

// A port that was free a moment ago.
std::string free_endpoint() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(probe, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(probe);
    return "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

// Runs until it goes out of scope.
class Served {
  public:
    Served(const std::string& directory, const std::string& listen, const std::string& publish) {
        RegistryOptions options = small_options();
        options.settings.publish = publish;
        options.form_with = 2;
        store_ = std::move(*MapStore::open(directory));
        actor_.emplace(options, placement_, *store_->load(), random_uuid());
        transport_ = std::move(*Transport::open({listen, publish, {}, 1 << 20, 1000}));
        disk_.emplace(*store_);
        storage_.emplace(*disk_, [this] { transport_->wake(); });
        loop_.emplace(*actor_, *storage_, *transport_);
        thread_ = std::thread([this] { EXPECT_TRUE(loop_->run()); });
    }
    ~Served() {
        loop_->stop();
        thread_.join();
    }
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;

    [[nodiscard]] GatedStorage& disk() { return *disk_; }

  private:
    RingPlacement placement_{16};
    std::unique_ptr<MapStore> store_;
    std::optional<RegistryActor> actor_;
    std::unique_ptr<Transport> transport_;
    std::optional<GatedStorage> disk_;
    std::optional<StorageThread> storage_;
    std::optional<EventLoop> loop_;
    std::thread thread_;
};

// Sends the messages again every 100 ms until something of the kind comes, for half a minute at most. `see` is given
// whatever comes.
template <class Kind>
std::optional<Kind> ask(Transport& transport, const std::string& endpoint, const std::vector<Message>& messages,
                        const std::function<void(const Message&)>& see = {}) {
    std::vector<Outgoing> sends;
    sends.reserve(messages.size());
    for (const Message& message : messages) sends.push_back({Address::to(endpoint), {}, message});
    std::optional<Kind> answer;
    const Time end = boot_time() + std::chrono::seconds(30);
    for (Time next = boot_time(); !answer && boot_time() < end;) {
        if (boot_time() >= next) {
            transport.send({}, sends);
            next = boot_time() + milliseconds(100);
        }
        transport.poll(milliseconds(20));
        transport.receive(100, [&](const Origin&, Message received) {
            if (see) see(received);
            if (auto* kind = std::get_if<Kind>(&received); kind != nullptr) answer = std::move(*kind);
        });
    }
    return answer;
}

TEST(ServedRegistry, FormsPublishesAndHasItsMapAfterARestart) {
    const TemporaryDirectory made;
    const std::string directory = made.string();
    const std::string listen = free_endpoint();
    const std::string publish = free_endpoint();
    auto transport = Transport::open({});
    ASSERT_TRUE(transport) << transport.error();

    ClusterMap formed;
    {
        const Served registry(directory, listen, publish);
        const auto answer = ask<JoinAnswer>(**transport, listen, {TestNode(1).join, TestNode(2).join});
        ASSERT_TRUE(answer);
        formed = answer->map;
        EXPECT_EQ(formed.nodes.size(), 2U);
        (*transport)->subscribe(publish);
        const auto beacon = ask<CurrentEpoch>(**transport, listen, {});
        ASSERT_TRUE(beacon) << "nothing was asked for: it was published";
        EXPECT_GE(beacon->epoch, formed.epoch);
    }
    {
        const Served registry(directory, listen, publish);
        const auto snapshot = ask<MapSnapshot>(**transport, listen, {MapRequest{}});
        ASSERT_TRUE(snapshot);
        EXPECT_EQ(snapshot->map.settings, formed.settings);
        EXPECT_EQ(snapshot->map.partitions, formed.partitions);
        EXPECT_GE(snapshot->map.epoch, formed.epoch);
    }
}

// R2: a request is answered from what is durable; what is not durable is told to none, and holds up no other answer.
TEST(ServedRegistry, AnswersHeartbeatsAndMapRequestsWhileACommitHangs) {
    const TemporaryDirectory made;
    const std::string directory = made.string();
    const std::string listen = free_endpoint();
    auto transport = Transport::open({});
    ASSERT_TRUE(transport) << transport.error();
    {
        Served registry(directory, listen, free_endpoint());
        const auto formed = ask<JoinAnswer>(**transport, listen, {TestNode(1).join, TestNode(2).join});
        ASSERT_TRUE(formed);

        Join join = TestNode(3).join;
        const auto asked = ask<JoinRefused>(**transport, listen, {join});
        ASSERT_TRUE(asked);
        join.ticket = asked->ticket;
        const Message third = join;
        registry.disk().close();
        const Message beat = Heartbeat{NodeId(1), StartNumber(1), formed->map.generation, formed->map.epoch, false};
        const auto told_too_soon = [](const Message& message) {
            const auto* answer = std::get_if<JoinAnswer>(&message);
            EXPECT_TRUE(answer == nullptr || answer->map.find("n3") == nullptr) << "what is not durable was answered";
        };
        ASSERT_TRUE(ask<HeartbeatAnswer>(**transport, listen, {third, beat}, told_too_soon));
        registry.disk().await_commit();  // of node 3, or of one before it: a silent node 2 is called down
        for (int i = 0; i < 5; ++i) {
            const auto answer = ask<HeartbeatAnswer>(**transport, listen, {third, beat}, told_too_soon);
            ASSERT_TRUE(answer) << "a commit that hangs holds up the heartbeats";
            EXPECT_TRUE(answer->known);
        }
        const auto snapshot = ask<MapSnapshot>(**transport, listen, {third, MapRequest{}}, told_too_soon);
        ASSERT_TRUE(snapshot);
        EXPECT_EQ(snapshot->map.find("n3"), nullptr) << "it is not durable yet";

        registry.disk().open();
        const auto joined = ask<JoinAnswer>(**transport, listen, {third});
        ASSERT_TRUE(joined);
        EXPECT_NE(joined->map.find("n3"), nullptr);
    }
    auto store = MapStore::open(directory);
    ASSERT_TRUE(store) << store.error();
    EXPECT_NE((*store)->load()->find("n3"), nullptr);
}

}  // namespace
}  // namespace ringkv::test
