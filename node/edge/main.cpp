// ringkv-node: stores partitions, replicates them, changes views.
#include <iostream>

#include "common/edge/configuration/config.hpp"
#include "common/edge/program/server_program.hpp"
#include "common/edge/program/stop_signals.hpp"
#include "common/edge/system/log.hpp"
#include "node/edge/node_server.hpp"

// What jemalloc is asked for (its manual, "TUNING"); the environment's MALLOC_CONF comes after it. Memory in pages of
// 2 MiB, where the kernel has them: nearly each look-up of a key is on another page, and with pages of 4 KiB the
// processor finds few of them without a walk through its tables. What is given back splits them, so it is given back
// after ten minutes; and one arena has fewer of them that are half empty (docs/decisions/0028).
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,metadata_thp:always,narenas:1,dirty_decay_ms:600000";
}

namespace {

using namespace ringkv;

Result<void> serve(const NodeConfig& config) {
    block_stop_signals();
    const auto server = NodeServer::open(config);
    if (!server) return server.error();
    (*server)->start();
    std::cout << "ringkv-node ready: " << config.name << " listening on " << config.listen << std::endl;
    {
        const OnStopSignal on_stop([&server] {
            log(LogLevel::info, "stopping: primaries are handed over first");
            (*server)->stop();
        });
        if (auto ended = (*server)->wait(); !ended) return ended;
    }
    return (*server)->close();
}

}  // namespace

int main(int argc, char** argv) {
    ServerProgram program("ringkv-node", "Stores partitions of a RingKV cluster", "configs/node-1.yaml");
    return program.run<NodeConfig>(
        argc, argv, load_node_config, [](const NodeConfig& config) { return config.name; }, serve);
}
