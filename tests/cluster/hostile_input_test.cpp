// Bytes that are not ours, on every port: their sender gets an error or nothing, and no other client
// notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "common/edge/configuration/endpoint.hpp"
#include "common/edge/transport/transport.hpp"
#include "tests/cluster/load.hpp"
#include "tests/cluster/process_cluster.hpp"
#include "tests/cluster/raw_client.hpp"

namespace ringkv::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

std::string random_bytes(std::mt19937& random, std::size_t count) {
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

// What ZMTP 3.1 begins with: signature, version, the NULL mechanism, not a server; then the rest is ours.
std::string zmtp_greeting() {
    std::string greeting("\xFF\0\0\0\0\0\0\0\1\x7F\3\1NULL", 16);
    greeting.resize(64, '\0');
    return greeting;
}

// A ready command as DEALER, after which frames follow.
std::string zmtp_ready() {
    return std::string("\x04\x1C\x05READY\x0BSocket-Type\0\0\0\6DEALER", 30);
}

std::vector<std::string> absurd_frames(std::mt19937& random) {
    const std::string good = encode(Identity{}, NodeId{}, {MapRequest{}});
    std::vector<std::string> frames{
        "",
        std::string(1, '\0'),
        std::string("\xDD\xFF\xFF\xFF\xFF", 5),  // an array of 4 G values
        std::string("\xDB\xFF\xFF\xFF\xFF", 5),  // a string of 4 GiB
        std::string("\xDF\xFF\xFF\xFF\xFF", 5),  // a map of 4 G pairs
        std::string(100000, '\x91'),             // arrays in arrays
        std::string(1000000, '\x90'),            // a million empty arrays
        good + good,
        good + "x",
        encode(Identity{}, NodeId{}, {Message(MapSnapshot{}), Message(JoinAnswer{}), Message(ProposeAnswer{})}),
        encode(Identity{}, NodeId{},
               {Message(StartView{}), Message(StateChunk{}), Message(Prepare{}), Message(Beacon{})}),
        encode(Identity{}, NodeId{},
               {Message(Write{}), Message(Get{}), Message(Scan{}), Message(Join{}), Message(Propose{})}),
        encode(Identity{Uuid{{1}}, NodeId(1), StartNumber(1)}, NodeId(7), {Message(Heartbeat{}), Message(PrepareOk{})}),
        std::string(std::size_t{17} << 20U, 'x'),  // larger than any frame may be
    };
    for (std::size_t length = 0; length < good.size(); ++length) frames.push_back(good.substr(0, length));
    for (int i = 0; i < 200; ++i) {
        std::string damaged = good;
        damaged[random() % damaged.size()] = static_cast<char>(random());
        frames.push_back(damaged);
        frames.push_back(random_bytes(random, random() % 300));
    }
    return frames;
}

TEST(HostileInput, GarbageOnEveryPortDisturbsNobody) {
    ProcessCluster cluster({.shards = 2});
    Client observer = cluster.client();
    Load load({.endpoints = {cluster.registry_endpoint()}, .clients = 4});
    ASSERT_TRUE(load.every_key_written(patience));

    std::mt19937 random{20240501};
    std::vector<std::string> ports = cluster.node_endpoints();
    ports.push_back(cluster.registry_endpoint());
    for (const std::string& endpoint : std::vector<std::string>(ports))
        ports.push_back(endpoint_plus(endpoint, 1).value());
    const auto frames = absurd_frames(random);
    for (const std::string& endpoint : ports) {
        send_raw_bytes(endpoint, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        send_raw_bytes(endpoint, random_bytes(random, 100000));
        send_raw_bytes(endpoint, std::string(1000, '\xFF'));
        send_raw_bytes(endpoint, zmtp_greeting() + random_bytes(random, 100000));
        send_raw_bytes(endpoint, zmtp_greeting() + zmtp_ready() + random_bytes(random, 100000));
        // A frame that says it is 2^62 bytes long.
        send_raw_bytes(endpoint, zmtp_greeting() + zmtp_ready() + std::string("\x02\x40\0\0\0\0\0\0\0", 9) + "x");
        RawClient raw(endpoint);
        for (const std::string& frame : frames) {
            raw.send(frame);
            raw.send_parts({"", frame});
            raw.send_parts({frame, frame, frame});
        }
        while (raw.receive(200ms)) continue;  // answers, if it likes
    }

    for (const char* name : {"n1", "n2", "n3"}) EXPECT_TRUE(cluster.node(name).running()) << name;
    EXPECT_TRUE(cluster.registry().running());
    ASSERT_TRUE(load.every_key_written(patience));
    cluster.wait_until_full(observer, 3);
    const LoadReport report = load.verify({cluster.registry_endpoint()});
    std::cout << report.summary() << '\n';
    EXPECT_THAT(report.violations, IsEmpty());
    EXPECT_EQ(report.failed(), 0U) << report.last_error;
}

// The first refusal that comes, within a few frames.
std::optional<FrameRefused> refusal(RawClient& raw) {
    for (int i = 0; i < 5; ++i)
        for (const Message& message : raw.receive_messages(10s))
            if (const auto* refused = std::get_if<FrameRefused>(&message)) return *refused;
    return std::nullopt;
}

TEST(HostileInput, SenderIsToldWhyItsFrameWasRefused) {
    ProcessCluster cluster;
    const std::vector<std::pair<std::string, Message>> servers{
        {cluster.node_endpoint("n1"), Get{RequestId(1), PartitionId(0), "key"}},
        {cluster.registry_endpoint(), Propose{RequestId(1), NodeId(1), {}}}};
    for (const auto& [endpoint, message] : servers) {
        RawClient raw(endpoint);
        ASSERT_TRUE(raw.send("not a frame of ours"));
        auto refused = refusal(raw);
        ASSERT_TRUE(refused) << endpoint;
        EXPECT_EQ(refused->code, ErrorCode::malformed);

        std::string later = encode(Identity{}, NodeId{}, {message});
        const std::size_t major = later.find("RKV") + 3;  // small numbers are one byte
        ASSERT_EQ(later[major], static_cast<char>(protocol_major));
        later[major] = 9;
        ASSERT_TRUE(raw.send(later));
        refused = refusal(raw);
        ASSERT_TRUE(refused) << endpoint;
        EXPECT_EQ(refused->code, ErrorCode::version_mismatch);

        const Identity stranger{Uuid{{1, 2, 3}}, NodeId{}, StartNumber{}};
        ASSERT_TRUE(raw.send(stranger, message));
        refused = refusal(raw);
        ASSERT_TRUE(refused) << endpoint;
        EXPECT_EQ(refused->code, ErrorCode::wrong_cluster) << refused->text;
    }
}

TEST(HostileInput, AnyBytesAreAKeyAndAValueWithinTheLimits) {
    ProcessCluster cluster;
    Client client = cluster.client();
    std::string binary;
    for (int byte = 0; byte < 256; ++byte) binary += static_cast<char>(byte);
    const std::string large(std::size_t{1} << 20U, '\0');
    const std::vector<std::pair<std::string, std::string>> entries{
        {std::string(1, '\0'), ""}, {binary, binary}, {std::string(4096, 'k'), large}, {"a\0b", "\xFF\xFE"}};
    for (const auto& [key, value] : entries) {
        const auto written = client.put(key, value);
        ASSERT_TRUE(written) << written.error().message();
        const auto found = client.get(key);
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->value, value);
        EXPECT_EQ((*found)->version, *written);
    }
    const auto code = [](const auto& result) { return result ? ErrorCode{} : result.error().code(); };
    EXPECT_EQ(code(client.put("", "value")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(client.put(std::string(4097, 'k'), "value")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(client.put("key", large + "x")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(client.get("")), ErrorCode::invalid_argument);
    EXPECT_EQ(code(client.get(std::string(4097, 'k'))), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ringkv::testing
