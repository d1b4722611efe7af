// `ringkv-registry rebuild`: the registry's store made anew from what the nodes know (registry/rebuild_actor.hpp).
#pragma once

#include <string>
#include <vector>

#include "common/edge/configuration/config.hpp"

namespace ringkv {

// Listens on the registry's addresses until every node that must has reported, stores what comes of it in
// `config.data_dir`, and says on stdout what that is. Blocks; SIGINT and SIGTERM end it, and then nothing is stored.
// `without`: nodes by name that are stopped for good (RebuildOptions::given_up). `accept_data_loss`: partitions that no
// node knows of are lost (RebuildOptions::lost).
// Errors: refused (the data_dir has a state already); configuration (registry.yaml is not the cluster's); unavailable
// (ended before all had reported); those of MapStore and Transport::open. To be called before other threads are
// started.
[[nodiscard]] Result<void> rebuild_registry(const RegistryConfig& config, const std::vector<std::string>& without,
                                            bool accept_data_loss);

}  // namespace ringkv
