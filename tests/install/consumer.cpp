// What a user of the installed libraries writes. Built outside the tree, by installed_test.sh.
#include <iostream>
#include <ringkv/admin.hpp>
#include <ringkv/client.hpp>
#include <ringkv/exit_code.hpp>
#include <ringkv/version.hpp>

#ifdef WITH_LOCAL_CLUSTER
#include <ringkv/local_cluster.hpp>

namespace {
bool local_cluster_works() {
    ringkv::LocalCluster cluster({.replication = 2});
    if (!cluster.add_node("node1", "rack-a") || !cluster.add_node("node2", "rack-b")) return false;
    if (!cluster.put("key1", "value1")) return false;
    const auto found = cluster.get("key1");
    return found && *found && (*found)->value == "value1";
}
}  // namespace
#else
namespace {
bool local_cluster_works() {
    return true;
}
}  // namespace
#endif

int main() {
    const auto client = ringkv::Client::connect({.registries = {"not an endpoint"}});
    const auto admin = ringkv::Admin::connect({.registries = {"not an endpoint"}});
    if (client || client.error().code() != ringkv::ErrorCode::configuration) return 1;
    if (admin || admin.error().code() != ringkv::ErrorCode::configuration) return 2;
    if (!local_cluster_works()) return 3;
    if (ringkv::exit_code(client.error()) != ringkv::ExitCode::usage) return 4;
    std::cout << "ringkv " << ringkv::version() << " works\n";
}
