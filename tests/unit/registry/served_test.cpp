// The registry as its program runs it: real sockets, real disk, one thread.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "common/edge/clock.hpp"
#include "common/edge/event_loop.hpp"
#include "common/placement.hpp"
#include "driver.hpp"
#include "registry/edge/store.hpp"

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
        loop_.emplace(*actor_, *store_, *transport_);
        thread_ = std::thread([this] { EXPECT_TRUE(loop_->run()); });
    }
    ~Served() {
        loop_->stop();
        thread_.join();
    }
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;

  private:
    RingPlacement placement_{16};
    std::unique_ptr<MapStore> store_;
    std::optional<RegistryActor> actor_;
    std::unique_ptr<Transport> transport_;
    std::optional<EventLoop> loop_;
    std::thread thread_;
};

// Sends the messages again every 100 ms until something of the kind comes, for half a minute at most.
template <class Kind>
std::optional<Kind> ask(Transport& transport, const std::string& endpoint, const std::vector<Message>& messages) {
    std::vector<Outgoing> sends;
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
            if (auto* kind = std::get_if<Kind>(&received); kind != nullptr) answer = std::move(*kind);
        });
    }
    return answer;
}

TEST(ServedRegistry, FormsPublishesAndHasItsMapAfterARestart) {
    std::string directory = (std::filesystem::temp_directory_path() / "ringkv-served-XXXXXX").string();
    ASSERT_NE(::mkdtemp(directory.data()), nullptr);
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
        const auto beacon = ask<EpochBeacon>(**transport, listen, {});
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
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace ringkv::test
