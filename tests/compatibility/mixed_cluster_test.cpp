// A cluster of three builds at once, as in the middle of an upgrade: what each sends is written as that build would
// have written it. A primary dies, a blank node is filled by state transfer, an operator drains one, the registry
// restarts; everything is served, and no message refused.
#include <gtest/gtest.h>

#include "tests/compatibility/builds.hpp"
#include "tests/placement_in_turns.hpp"
#include "tests/world/cluster.hpp"
#include "tests/world/scripted_network.hpp"

namespace ringkv::compatibility {
namespace {

using simulation::HostId;
using simulation::SimulatedCluster;
using simulation::TraceEvent;
using std::chrono::seconds;

// "registry", "n1" .. "n4", "client" -> its build.
using Builds = std::map<std::string, Build>;

RegistryOptions options() {
    RegistryOptions options;
    options.settings.cluster = "mixed";
    options.settings.partitions = 4;
    options.settings.replication = 3;
    options.form_with = 4;
    return options;
}

class MixedCluster {
  public:
    explicit MixedCluster(Builds builds) : builds_(std::move(builds)) {
        world().on_frame([this](HostId from, std::string frame) {
            const Build build = builds_.at(world().name(from));
            ++frames_[build];
            return frame_of(build, std::move(frame));
        });
        world().on_trace([this](const TraceEvent& event) {
            if (event.kind == TraceEvent::Kind::refused) ADD_FAILURE() << event.text;
            if (event.kind == TraceEvent::Kind::delivered) ++delivered_[std::string(name_of(*event.message))];
        });
        world().start(cluster_.add_registry());
        for (const char* name : {"n1", "n2", "n3", "n4"}) {
            simulation::NodePlan plan;
            plan.name = plan.rack = name;
            plan.limits.log = std::uint64_t{256} << 10U;
            if (builds_.at(name) == Build::older) plan.minor = 0;
            world().start(cluster_.add_node(plan));
        }
        EXPECT_TRUE(settles());
        client_ = cluster_.add_client("client");
        world().start(client_);
        world().advance(seconds(1));
    }

    simulation::World& world() { return cluster_.world(); }
    SimulatedCluster& cluster() { return cluster_; }
    HostId host(const std::string& name) { return cluster_.host(name); }

    bool settles() {
        const bool settled = world().advance_until([this] { return cluster_.settled(); }, seconds(60));
        world().advance(seconds(2));
        return settled;
    }
    Result<Outcome> ask(Operation operation) {
        const OperationId id = cluster_.submit(client_, std::move(operation), seconds(20));
        world().advance_until([&] { return cluster_.finished(client_, id) != nullptr; }, seconds(30));
        const simulation::Finished* finished = cluster_.finished(client_, id);
        return finished == nullptr ? Result<Outcome>(Error(ErrorCode::internal, "no answer"))
                                   : finished->completion.outcome;
    }
    void write(const std::string& key, const std::string& value) {
        const auto outcome = ask(WriteOperation{key, value, {}});
        ASSERT_TRUE(outcome) << key << ": " << outcome.error();
        expected_[key] = value;
    }
    // Large enough that no log still has the first when the last is written.
    void write_all(const std::string& mark) {
        for (int i = 0; i < 40; ++i) write("key" + std::to_string(i), mark + std::string(100000, 'x'));
    }
    void expect_all() {
        for (const auto& [key, value] : expected_) {
            const auto outcome = ask(GetOperation{key});
            ASSERT_TRUE(outcome) << key << ": " << outcome.error();
            EXPECT_TRUE(std::get<GetOutcome>(*outcome).value == value) << key;
        }
    }
    std::size_t delivered(const std::string& type) { return delivered_[type]; }
    std::size_t frames(Build build) { return frames_[build]; }

  private:
    Builds builds_;
    simulation::ScriptedNetwork network_;
    test::PlacementInTurns placement_;
    SimulatedCluster cluster_{network_, options(), placement_};
    HostId client_;
    std::map<std::string, std::string> expected_;
    std::map<std::string, std::size_t> delivered_;
    std::map<Build, std::size_t> frames_;
};

void expect_all_served(const Builds& builds) {
    MixedCluster mixed(builds);
    mixed.write_all("first ");
    mixed.world().crash(mixed.host("n1"));
    mixed.write_all("without n1 ");
    const std::size_t copied = mixed.delivered("StateChunkOk");
    mixed.world().start(mixed.host("n1"));  // blank
    EXPECT_TRUE(mixed.settles());
    EXPECT_GT(mixed.delivered("StateChunkOk"), copied);
    mixed.expect_all();

    mixed.cluster().administer(AdminAction::drain, "n2");
    EXPECT_TRUE(mixed.settles());
    mixed.world().crash(mixed.host("registry"));
    mixed.world().start(mixed.host("registry"));
    EXPECT_TRUE(mixed.settles());
    mixed.world().crash(mixed.host("n3"));
    mixed.write_all("without n3 ");
    mixed.expect_all();
    for (const Build build : {Build::same, Build::newer, Build::older}) EXPECT_GT(mixed.frames(build), 100U);
}

constexpr Build same = Build::same, newer = Build::newer, older = Build::older;

TEST(MixedBuilds, AreServedByARegistryOfToday) {
    expect_all_served(
        {{"registry", same}, {"n1", newer}, {"n2", older}, {"n3", same}, {"n4", newer}, {"client", older}});
}

TEST(MixedBuilds, AreServedByANewerRegistry) {
    expect_all_served(
        {{"registry", newer}, {"n1", older}, {"n2", same}, {"n3", newer}, {"n4", older}, {"client", same}});
}

TEST(MixedBuilds, AreServedByAnOlderRegistry) {
    expect_all_served(
        {{"registry", older}, {"n1", same}, {"n2", newer}, {"n3", older}, {"n4", same}, {"client", newer}});
}

}  // namespace
}  // namespace ringkv::compatibility
