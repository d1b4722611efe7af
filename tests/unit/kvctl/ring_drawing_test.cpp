#include "kvctl/ring_drawing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/unit/kvctl/fake_client.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::size_t drawn_columns = 33;

class RingDrawing : public testing::Test {
  protected:
    RingDrawing() {
        status_.health = "ok";
        status_.cluster = "test";
        status_.replication = 3;
        status_.total = 64;
        for (std::uint32_t i = 0; i < 6; ++i) {
            NodeStatus node;
            node.name = "n" + std::to_string(i + 1);
            node.rack = std::string("rack-") + "abc"[i % 3];
            node.state = "up";
            node.copies = 32;
            node.primaries = 10;
            status_.nodes.push_back(node);
        }
        for (std::uint32_t p = 0; p < status_.total; ++p) {
            PartitionStatus partition;
            partition.partition = p;
            partition.available = partition.full = true;
            for (const char* name : {"n4", "n2", "n3"}) partition.members.push_back({name, "", "backup", "up"});
            status_.partitions.push_back(partition);
        }
    }

    std::vector<std::string> lines(const PartitionStatus* of = nullptr) { return draw_ring(console_, status_, of); }
    // How often the letter is in the ring itself.
    std::size_t count(char letter, const PartitionStatus* of = nullptr) {
        std::size_t found = 0;
        for (const std::string& line : lines(of))
            found += static_cast<std::size_t>(std::ranges::count(line.substr(0, drawn_columns), letter));
        return found;
    }
    static std::string joined(const std::vector<std::string>& lines) {
        std::string text;
        for (const std::string& line : lines) text += line + '\n';
        return text;
    }

    ClusterStatus status_;
    TextInput in_{"", 1};
    std::ostringstream out_;
    std::ostringstream err_;
    Console console_{.in = in_, .out = out_, .err = err_};
};

TEST_F(RingDrawing, ArcsAreAsLongAsNodesHaveCopies) {
    const std::size_t usual = count('A');
    EXPECT_GE(usual, 5U);
    for (const char letter : {'B', 'C', 'D', 'E', 'F'}) {
        EXPECT_GE(count(letter) + 1, usual) << letter;
        EXPECT_LE(count(letter), usual + 1) << letter;
    }
    status_.nodes[0].copies = 64;  // n1, the first of its rack
    EXPECT_GE(count('A'), usual + usual / 2);
    EXPECT_LT(count('B'), usual);
    status_.nodes[0].copies = 0;
    EXPECT_EQ(count('A'), 0U);
    EXPECT_THAT(joined(lines()), HasSubstr(" A n1  up  0 copies, primary of 10"));
}

TEST_F(RingDrawing, WhatLacksIsSeenHoweverManyPartitionsAPlaceStandsFor) {
    status_.nodes.clear();  // whose states, and letters, are not asked about
    status_.health = "";
    EXPECT_EQ(count('x'), 0U);
    status_.total = 4096;
    const PartitionStatus full = status_.partitions.front();
    status_.partitions.assign(status_.total, full);
    for (std::uint32_t p = 0; p < status_.total; ++p) status_.partitions[p].partition = p;
    status_.partitions[1000].full = false;
    status_.partitions[1001].available = false;
    status_.partitions[3000].full = false;
    EXPECT_EQ(count('x'), 1U);
    EXPECT_EQ(count('u'), 1U) << "where several differ the worst is shown";
}

TEST_F(RingDrawing, AKeysPartitionAndItsCopiesAreMarked) {
    const PartitionStatus& of = status_.partitions[16];
    for (const char copy : {'1', '2', '3'}) EXPECT_EQ(count(copy, &of), count(copy) + (copy == '1' ? 2 : 1)) << copy;
    EXPECT_GE(count('@', &of), 2U);
    const std::string drawn = joined(lines(&of));
    EXPECT_THAT(drawn, HasSubstr("@ is 16")) << "with one more 1, and one more @";
    EXPECT_THAT(drawn, HasSubstr("n4  up  32 copies, primary of 10  <- 1"));
    EXPECT_THAT(drawn, HasSubstr("n3  up  32 copies, primary of 10  <- 3"));
    // A quarter of the way round, and further from the middle on the right.
    const std::vector<std::string> all = lines(&of);
    EXPECT_EQ(all[all.size() / 2].substr(0, drawn_columns).find('@'), 28U);
}

TEST_F(RingDrawing, HundredsOfNodesAreDrawnToo) {
    const NodeStatus some = status_.nodes.front();
    for (int i = 0; i < 300; ++i) status_.nodes.push_back(some);
    EXPECT_GT(lines().size(), 300U);
}

TEST_F(RingDrawing, OnlyATerminalGetsIt) {
    fake::cluster_status() = status_;
    EXPECT_THAT(kvctl({"ring"}, "", true).out, HasSubstr("3 copies each"));
    EXPECT_THAT(kvctl({"ring"}, "", true).out, HasSubstr("n4 n2 n3"));
    EXPECT_THAT(kvctl({"ring"}).out, Not(HasSubstr("3 copies each")));
    EXPECT_THAT(kvctl({"ring", "--key", "k"}, "", true).out, HasSubstr("@ is "));
    EXPECT_THAT(kvctl({"locate", "k"}, "", true).out, Not(HasSubstr("@ is ")));
}

TEST_F(RingDrawing, NoPartitionsAreNoRing) {
    status_.partitions.clear();
    EXPECT_THAT(lines(), IsEmpty());
}

}  // namespace
}  // namespace ringkv::kvctl
