#include "registry/settings.hpp"

namespace ringkv::registry {

namespace {

Error fixed(const std::string& key, const std::string& formed, const std::string& configured) {
    return {ErrorCode::configuration, key + " is fixed for the life of a cluster: it was formed with " + formed +
                                          ", the configuration says " + configured + "; put " + formed +
                                          " back, or give a new cluster its own data_dir"};
}

// A primary may count on the longer lease while a member still promises the shorter grace.
bool safe_together(const LeaseSettings& one, const LeaseSettings& other) {
    return LeaseSettings{one.beacon, one.duration, other.grace}.validate().has_value();
}

}  // namespace

Result<void> check_settings(const ClusterSettings& formed, const ClusterSettings& configured) {
    using std::to_string;
    if (formed.cluster != configured.cluster) return fixed("cluster", formed.cluster, configured.cluster);
    if (formed.partitions != configured.partitions)
        return fixed("partitions", to_string(formed.partitions), to_string(configured.partitions));
    if (formed.replication != configured.replication)
        return fixed("replication", to_string(formed.replication), to_string(configured.replication));
    if (formed.vnodes != configured.vnodes)
        return fixed("vnodes", to_string(formed.vnodes), to_string(configured.vnodes));
    if (auto valid = configured.lease.validate(); !valid) return valid;
    if (formed.lease != configured.lease &&
        (!safe_together(formed.lease, configured.lease) || !safe_together(configured.lease, formed.lease)))
        return Error(
            ErrorCode::configuration,
            "lease cannot change so far at once, for nodes learn of it one after another; first start the "
            "registry with the smaller lease.duration and the larger lease.grace of the two, then with the rest");
    return {};
}

}  // namespace ringkv::registry
