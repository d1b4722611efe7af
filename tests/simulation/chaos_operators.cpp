// Disasters that no cluster mends by itself, and what operators do then.
#include "tests/simulation/chaos.hpp"

namespace ringkv::simulation {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;
}  // namespace

// While it takes, all else goes on: nodes die, restart and are cut off, and the rebuild itself does.
bool Chaos::rebuild_registry() {
    if (plan_.older > 0) return false;  // those cannot tell what they know
    if (keeps_disks() && !awaited_ && random(Fault::registry_rebuild).chance(0.5)) {
        awaited_ = Awaited::proposer;
        return false;  // counted when it happens
    }
    return begin_rebuild();
}

bool Chaos::begin_rebuild() {
    if (lost_registry_ || cluster_.rebuilds() || cluster_.state(registry_) == HostState::down ||
        !cluster_.map().formed())
        return false;
    Random& draw = random(Fault::registry_rebuild);
    tell(Fault::registry_rebuild, registry_);
    world_.crash(registry_);
    rebuilt_ = true;
    at(draw.between(milliseconds(0), seconds(3)), [this] {
        if (!active_ || lost_registry_ || cluster_.rebuilds()) return;  // all is healed, or it came back meanwhile
        if (cluster_.state(registry_) != HostState::down) cluster_.crash(registry_);
        cluster_.rebuild_registry([this](NodeId id) {
            const HostId holder = cluster_.holder_of(id, PartitionId(0));
            return holder.none() || retired_.contains(cluster_.node_of(holder));
        });
        start_rebuilt_registry();
    });
    return true;
}

// Whenever the rebuild has ended, for good or because its process has died, the operator starts the next process.
void Chaos::start_rebuilt_registry() {
    if (cluster_.is_rebuilt()) {
        if (news_) news_("the registry is rebuilt");
        cluster_.start(registry_);
    }
    if (!cluster_.rebuilds()) return;
    at(milliseconds(200), [this] { start_rebuilt_registry(); });
}

}  // namespace ringkv::simulation
