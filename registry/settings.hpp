// What the registry is started with, and what of it may differ from what it was formed with.
#pragma once

#include "common/cluster_map.hpp"

namespace ringkv {

struct RegistryOptions {
    ClusterSettings settings;                          // of registry.yaml; `id` is not looked at
    std::uint32_t form_with = 3;                       // distinct names to wait for before the first placement
    Duration quiet = std::chrono::milliseconds(500);   // and so long without a new one
    Duration forget_joiner = std::chrono::seconds(2);  // a joiner that has been silent for so long is not there
};

namespace registry {

// May a registry whose recovered map has the settings `formed` go on with `configured`? Cluster name,
// partitions, replication and vnodes are fixed at formation. The lease may change only so far that nodes with
// the old and nodes with the new one are safe together.
// Errors: configuration, naming the key, both values and what to do.
[[nodiscard]] Result<void> check_settings(const ClusterSettings& formed, const ClusterSettings& configured);

}  // namespace registry
}  // namespace ringkv
