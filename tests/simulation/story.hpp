// The story of a run as lines of text: messages, views, leases, commits, faults.
#pragma once

#include "tests/simulation/run.hpp"
#include "tests/world/cluster.hpp"

namespace ringkv::simulation {

// From now on, every message but the routine of leases and heartbeats.
void tell_story(SimulatedCluster& cluster, const Teller& teller);
// One line more, with the time: what befalls the cluster.
void tell_news(SimulatedCluster& cluster, const Teller& teller, const std::string& news);

}  // namespace ringkv::simulation
