// Whose each port is, and one that is taken.
#include "demo/ports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "demo/consequences.hpp"
#include "tests/unit/edge/ports.hpp"

namespace ringkv::demo {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(DemoPorts, AreThoseOfConfigsAndNoneIsTwoServers) {
    EXPECT_EQ(registry_ports(7400).listen, 7400);
    EXPECT_EQ(registry_ports(7400).http, 7480);
    EXPECT_EQ(node_ports(7400, 1).listen, 7411);
    EXPECT_EQ(node_ports(7400, 5).http, 7551);
    std::set<unsigned> ports = {7400, 7401, 7480};
    for (unsigned number = 1; number <= most_demo_nodes; ++number) {
        ports.insert(node_ports(7400, number).listen);
        ports.insert(node_ports(7400, number).http);
    }
    EXPECT_EQ(ports.size(), 3 + 2 * most_demo_nodes);
}

TEST(DemoPorts, OneThatIsTakenIsNamedWithWhatToTry) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const std::uint16_t taken = bind_free(socket);
    ASSERT_NE(taken, 0);
    ::listen(socket, 1);
    DemoOptions options;
    options.port = taken - 11U;
    const auto checked = check_ports(options);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), ErrorCode::configuration);
    EXPECT_THAT(checked.error().message(), HasSubstr("kvctl demo --port "));
    EXPECT_FALSE(is_free(taken));
    ::close(socket);
    EXPECT_TRUE(is_free(taken));
}

TEST(DemoPorts, OptionsOutOfTheirRangeAreNamed) {
    const auto fault = [](DemoOptions options) {
        const auto checked = check_ranges(options);
        return checked ? std::string("taken") : checked.error().message();
    };
    EXPECT_EQ(fault({}), "taken");
    EXPECT_EQ(fault({.nodes = 1, .racks = 1}), "taken");
    EXPECT_THAT(fault({.nodes = 11}), AllOf(HasSubstr("1 to 10 nodes"), HasSubstr("11")));
    EXPECT_THAT(fault({.nodes = 2}), HasSubstr("3 racks for 2 nodes"));
    EXPECT_THAT(fault({.port = 80}), HasSubstr("1024 to 65000"));
    EXPECT_THAT(fault({.port = 65001}), HasSubstr("1024 to 65000"));
}

// Partition 0 on a and b, 1 on b alone, with a copy on its way to c.
TEST(DemoConsequences, APartitionIsServedWhileAMemberRuns) {
    registry::Layout layout;
    for (const auto& [id, name] : {std::pair{1U, "a"}, {2U, "b"}, {3U, "c"}}) {
        NodeInfo node;
        node.id = NodeId(id);
        node.name = name;
        layout.nodes[node.id] = node;
        layout.rows.push_back({node, "", id == 1 ? 1U : 0U, id == 3 ? 0U : 2U});
    }
    layout.partitions = {{{}, 0, 2, 0, 0}, {{}, 2, 1, 1, 0}};
    layout.holders = {NodeId(1), NodeId(2), NodeId(2), NodeId(3)};
    const auto not_served = [&](const std::set<std::string>& stopped) {
        return consequences_of(layout, stopped, "a").not_served;
    };
    EXPECT_EQ(not_served({}), 0U);
    EXPECT_EQ(not_served({"a"}), 0U);
    EXPECT_EQ(not_served({"b"}), 1U);
    EXPECT_EQ(not_served({"a", "b"}), 2U);
    EXPECT_EQ(not_served({"a", "c"}), 0U);
    const Consequences found = consequences_of(layout, {"a"}, "a");
    EXPECT_EQ(found.partitions, 2U);
    EXPECT_EQ(found.primaries, 1U);
    EXPECT_EQ(found.copies, 2U);
}

}  // namespace
}  // namespace ringkv::demo
