// check: what it finds in maps of every kind, and its exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kvctl/diagnosis.hpp"
#include "tests/unit/kvctl/fake_admin.hpp"
#include "tests/unit/kvctl/fake_client.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

NodeStatus node(const std::string& name, const std::string& rack) {
    NodeStatus node;
    node.name = name;
    node.rack = rack;
    node.state = "up";
    node.address = "tcp://" + name + ":7411";
    node.durability = "fsync";
    return node;
}

ReplicaStatus replica(const std::string& name, const std::string& rack, const std::string& role) {
    return {name, rack, role, "up"};
}

class Check : public testing::Test {
  protected:
    // Four nodes in four racks, three copies of each of two partitions: nothing to say.
    Check() {
        status.replication = 3;
        status.total = 2;
        for (const int number : {1, 2, 3, 4})
            status.nodes.push_back(node("n" + std::to_string(number), "r" + std::to_string(number)));
        for (const std::uint32_t number : {0U, 1U}) {
            PartitionStatus partition;
            partition.partition = number;
            partition.primary = "n1";
            partition.members = {replica("n1", "r1", "primary"), replica("n2", "r2", "backup"),
                                 replica("n3", "r3", "backup")};
            partition.available = partition.full = true;
            status.partitions.push_back(partition);
        }
        repair.repair_after = std::chrono::seconds(30);
        condition.registry_version = "0.6.0";
    }

    std::vector<std::string> codes() {
        std::vector<std::string> found;
        for (const Finding& finding : diagnose(examined())) found.emplace_back(finding.code);
        return found;
    }
    // Of the only one.
    Finding finding() {
        const auto all = diagnose(examined());
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? Finding{Severity::note, "none", "", "", ""} : all.front();
    }

    Examined examined() { return {status, repair, settings, &holdings, &condition}; }

    ClusterStatus status;
    RepairStatus repair;
    Settings settings;
    Holdings holdings;
    Condition condition;
};

TEST_F(Check, OfAHealthyClusterThereIsNothingToSay) {
    EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(Check, PartitionsThatAreNotServedComeFirst) {
    status.partitions[1].available = false;
    status.partitions[1].primary = "n4";
    status.nodes[3].state = "down";
    const auto all = diagnose(examined());
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].code, "partitions-unavailable");
    EXPECT_EQ(all[0].severity, Severity::critical);
    EXPECT_THAT(all[0].what, HasSubstr("1 partition not served: 1"));
    EXPECT_THAT(all[0].evidence, HasSubstr("n4"));
}

TEST_F(Check, LostPartitionsAreNotSaidTwice) {
    status.partitions[1].available = false;
    status.lost = 1;
    status.partitions[1].lost = true;
    EXPECT_THAT(codes(), UnorderedElementsAre("partitions-lost"));
}

TEST_F(Check, CopiesThatLackAreSaidWithWhatIsDone) {
    status.under_replicated = 1;
    repair.active = 2;
    repair.pending = 5;
    EXPECT_EQ(finding().severity, Severity::warning);
    EXPECT_THAT(finding().evidence, HasSubstr("2 copies being made, 5 to be made"));
    repair.active = repair.pending = 0;
    EXPECT_THAT(finding().evidence, HasSubstr("none is being made"));
    repair.frozen = true;
    repair.reason = "more than half of the nodes are down";
    EXPECT_THAT(codes(), UnorderedElementsAre("repair-frozen", "under-replicated"));
}

TEST_F(Check, ACopyThatCouldHaveARackOfItsOwnIsFound) {
    status.partitions[0].members[2] = replica("n2b", "r2", "backup");
    EXPECT_EQ(finding().code, "rack-diversity");
    EXPECT_THAT(finding().what, HasSubstr("1 partition with copies in fewer racks than possible: 0"));
    // A learner is no copy yet.
    status.partitions[0].members.push_back(replica("n3", "r3", "learner"));
    EXPECT_EQ(finding().code, "rack-diversity");
}

TEST_F(Check, WithFewerRacksThanCopiesThatIsANote) {
    for (NodeStatus& each : status.nodes) each.rack = each.name == "n1" ? "r1" : "r2";
    for (PartitionStatus& partition : status.partitions)
        for (ReplicaStatus& member : partition.members) member.rack = member.name == "n1" ? "r1" : "r2";
    EXPECT_EQ(finding().code, "few-racks");
    EXPECT_EQ(finding().severity, Severity::note);
}

TEST_F(Check, ANodeThatIsDownIsWaitedForOrEvicted) {
    status.nodes[3].state = "down";
    status.nodes.push_back(node("n5", "r5"));
    repair.absent = {{"n4", "r4", 3, false}};
    EXPECT_EQ(finding().code, "node-down");
    EXPECT_THAT(finding().evidence, AllOf(HasSubstr("tcp://n4:7411"), HasSubstr("waited for, 30s")));
    EXPECT_THAT(finding().next, HasSubstr("kvctl node remove n4"));
    repair.absent[0].evicted = true;
    EXPECT_THAT(finding().evidence, HasSubstr("evicted"));
}

TEST_F(Check, NodesThatAreEmptiedAreNotes) {
    status.nodes.push_back(node("n5", "r5"));
    status.nodes[4].duty = "drained";
    EXPECT_EQ(finding().code, "node-drained");
    status.nodes[4].duty = "leaving";
    status.nodes[4].copies = 1;
    EXPECT_THAT(finding().evidence, HasSubstr("1 copy left"));
    EXPECT_EQ(finding().severity, Severity::note);
}

TEST_F(Check, RoomForTheNextFailureIsSaid) {
    status.nodes.pop_back();
    EXPECT_EQ(finding().code, "no-spare-node");
    EXPECT_EQ(finding().severity, Severity::note);
    status.nodes[2].state = "down";
    EXPECT_THAT(codes(), UnorderedElementsAre("node-down", "too-few-nodes"));
}

TEST_F(Check, DurabilityIsTheWeakest) {
    for (NodeStatus& each : status.nodes) each.durability = "memory";
    EXPECT_EQ(finding().code, "memory-only");
    EXPECT_EQ(finding().severity, Severity::note);
    status.nodes[0].durability = "fsync";
    EXPECT_THAT(codes(), UnorderedElementsAre("durability-mixed", "memory-only"));
}

TEST_F(Check, MemoryIsLookedAt) {
    holdings.memory = {{"n1", 80, 5, 3, 1, 100}};
    EXPECT_THAT(codes(), IsEmpty());
    holdings.memory = {{"n1", 80, 5, 3, 2, 100}};
    EXPECT_EQ(finding().code, "memory-nearly-full");
    holdings.memory = {{"n1", 90, 5, 3, 2, 100}};
    EXPECT_EQ(finding().severity, Severity::critical);
    holdings.memory = {{"n1", 90, 5, 3, 2, 0}};
    EXPECT_THAT(codes(), IsEmpty()) << "there is no limit";
}

TEST_F(Check, ASilentNodeIsSaidUnlessItIsDown) {
    holdings.silent = {"n2"};
    EXPECT_EQ(finding().code, "node-silent");
    status.nodes[1].state = "down";
    EXPECT_THAT(codes(), Not(testing::Contains("node-silent")));
    const auto all = diagnose({status, repair, {}, nullptr, &condition});
    EXPECT_TRUE(
        std::any_of(all.begin(), all.end(), [](const Finding& each) { return each.code == "nodes-not-asked"; }));
}

TEST_F(Check, ADiskThatStoresNothingAndAShardThatStandsStillAreCritical) {
    condition.troubles = {{"n2", "disk_stalled", 1, std::chrono::seconds(90)}};
    EXPECT_EQ(finding().code, "disk-stalled");
    EXPECT_EQ(finding().severity, Severity::critical);
    EXPECT_THAT(finding().evidence, HasSubstr("shard 1, for 90 s"));
    condition.troubles.front().what = "shard_stuck";
    EXPECT_EQ(finding().code, "shard-stuck");
    EXPECT_THAT(finding().what, HasSubstr("n2"));
}

TEST_F(Check, AMapThatLagsIsSaidUnlessTheNodeIsDown) {
    condition.nodes = {{"n1", "0.6.0", 0, 1, {}}, {"n2", "0.6.0", 3, 1, {}}};
    EXPECT_EQ(finding().code, "map-lags");
    EXPECT_THAT(finding().evidence, HasSubstr("3 epochs behind"));
    status.nodes[1].state = "down";
    EXPECT_THAT(codes(), Not(testing::Contains("map-lags")));
}

TEST_F(Check, VersionsThatAreMixedAreNamed) {
    condition.nodes = {{"n1", "0.6.0", 0, 1, {}}, {"n2", "0.6.0", 0, 1, {}}};
    EXPECT_THAT(codes(), IsEmpty());
    condition.nodes[1].version = "0.5.1";
    EXPECT_EQ(finding().code, "versions-mixed");
    EXPECT_EQ(finding().evidence, "0.5.1: n2; 0.6.0: n1, the registry");
    condition.nodes[1].version = "";
    EXPECT_THAT(finding().evidence, HasSubstr("of an older release: n2"));
}

TEST_F(Check, AClockIsJudgedByHowFarItIsOff) {
    condition.nodes = {{"n1", "0.6.0", 0, 1.04, std::chrono::minutes(5)}, {"n2", "0.6.0", 0, 0.5, {}}};
    EXPECT_THAT(codes(), IsEmpty()) << "little, and not known yet";
    condition.nodes[0].clock_rate = 0.94;
    EXPECT_EQ(finding().code, "clock-rate");
    EXPECT_EQ(finding().severity, Severity::warning);
    EXPECT_THAT(finding().what, HasSubstr("n1 runs slower"));
    EXPECT_THAT(finding().evidence, HasSubstr("0.94 of it, over 5 min"));
    condition.nodes[0].clock_rate = 1.2;
    EXPECT_EQ(finding().severity, Severity::critical);
    EXPECT_THAT(finding().what, HasSubstr("n1 runs faster"));
}

TEST_F(Check, ACopyIsStuckIfItTakesFarLongerThanItsBytesNeed) {
    settings.max_bytes_per_second = 1U << 20U;
    settings.max_moves_per_node = 4;
    holdings.partitions = {{}, {1000, 10U << 20U}};  // 40 s at a quarter of the pace
    condition.copies = {{1, "n4", std::chrono::seconds(175)}, {0, "n4", std::chrono::seconds(55)}};
    EXPECT_THAT(codes(), IsEmpty());
    condition.copies[0].lasts = std::chrono::seconds(185);
    EXPECT_EQ(finding().code, "copy-stuck");
    EXPECT_THAT(finding().what, HasSubstr("partition 1 to n4"));
    condition.copies = {{0, "n4", std::chrono::seconds(61)}};
    EXPECT_EQ(finding().code, "copy-stuck") << "there is nothing to copy";
}

TEST_F(Check, ARegistryThatCannotTellIsSaid) {
    const auto all = diagnose({status, repair, settings, &holdings, nullptr});
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.front().code, "registry-not-asked");
}

TEST_F(Check, TheCommandSaysItAndItsExitCodeTells) {
    fake::administration() = {};
    fake::administration().repair = repair;
    fake::cluster_status() = status;
    Ran ran = kvctl({"check"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, "ok: 4 nodes, 2 partitions, all with 3 copies\n");

    status.nodes[3].state = "down";
    fake::cluster_status() = status;
    ran = kvctl({"check"});
    EXPECT_EQ(ran.code, 7);
    EXPECT_THAT(ran.out, AllOf(HasSubstr("warning   n4 is down"), HasSubstr("-> its log; start it again")));

    fake::administration().condition_error = Error(ErrorCode::unavailable, "an older release");
    EXPECT_THAT(kvctl({"check"}).out, HasSubstr("the registry did not tell"));
    fake::administration().condition_error.reset();

    const auto json = nlohmann::json::parse(kvctl({"-o", "json", "check"}).out);
    EXPECT_EQ(json["healthy"], false);
    EXPECT_EQ(json["findings"][0]["code"], "node-down");
    EXPECT_EQ(kvctl({"--registry", "tcp://127.0.0.1:1", "check"}).code, 4);
    fake::cluster_status() = {};
}

}  // namespace
}  // namespace ringkv::kvctl
