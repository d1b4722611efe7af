// A small cluster on real sockets: a registry and nodes that know just enough to serve one client library.
// No replication: each partition lives on one node.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <memory>
#include <thread>

#include "common/edge/running/event_loop.hpp"
#include "common/edge/system/clock.hpp"
#include "common/partitioning.hpp"

namespace ringkv::test {

// A loopback endpoint that is not listened on at the moment.
inline std::string free_endpoint() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    (void)::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

class LoopbackServer final : public Actor {
  public:
    // Node none: the registry.
    LoopbackServer(NodeId node, const ClusterMap& map, const std::string& endpoint) : node_(node), map_(map) {
        TransportOptions options;
        options.listen = endpoint;
        transport_ = std::move(*Transport::open(options));
        loop_ = std::make_unique<EventLoop>(*this, storage_, *transport_);
        thread_ = std::thread([this] { (void)loop_->run(); });
    }
    ~LoopbackServer() override {
        loop_->stop();
        thread_.join();
    }

    void receive(Time, const Origin& from, Message message) override {
        if (silent) return;
        std::visit([&](auto& each) { serve(from, each); }, message);
    }
    void tick(Time) override {}
    void durable(Time, BatchNumber) override {}
    Effects take_effects() override { return std::exchange(effects_, {}); }
    [[nodiscard]] Identity identity() const override { return {map_.settings.id, node_, StartNumber(1)}; }

    std::atomic<bool> silent{false};
    std::atomic<bool> takes_changes{true};
    std::atomic<int> changes{0};
    std::atomic<int> writes{0};

  private:
    struct Stored {
        std::string value;
        OpNumber version;
    };

    void answer(const Origin& from, Message message) {
        effects_.sends.push_back({from.address, {}, std::move(message)});
    }

    static std::optional<Duration> age_of(const std::optional<StaleRead>& stale) {
        if (!stale) return std::nullopt;
        return stale->max_age.value_or(std::chrono::milliseconds(7));
    }
    void serve(const Origin& from, Write& write) {
        ++writes;
        auto& keys = data_[write.partition];
        const std::string key(write.key.view());
        const auto found = keys.find(key);
        const OpNumber version = found == keys.end() ? OpNumber() : found->second.version;
        if (write.expected && *write.expected != version)
            return answer(from, WriteAnswer{write.request, WriteStatus::condition_failed, version, last_});
        if (!write.value && version.none())
            return answer(from, WriteAnswer{write.request, WriteStatus::not_found, {}, last_});
        last_ = last_.next();
        if (write.value)
            keys[key] = {std::string(write.value->view()), last_};
        else
            keys.erase(key);
        const OpNumber told = write.ack == Ack::primary ? OpNumber() : last_;
        answer(from, WriteAnswer{write.request, WriteStatus::done, told, last_});
    }
    void serve(const Origin& from, Get& get) {
        const auto& keys = data_[get.partition];
        const auto found = keys.find(std::string(get.key.view()));
        GetAnswer told{get.request, std::nullopt, {}, last_, age_of(get.stale)};
        if (found != keys.end())
            std::tie(told.value, told.version) = std::tie(found->second.value, found->second.version);
        answer(from, std::move(told));
    }
    void serve(const Origin& from, Scan& scan) {
        const std::size_t limit = scan.limit == 0 ? 7 : std::min(scan.limit, 7U);  // small parts: several a partition
        ScanAnswer part{scan.request, {}, false, last_, age_of(scan.stale)};
        for (const auto& [key, stored] : data_[scan.partition]) {
            if (!key.starts_with(scan.prefix) || (scan.after && key <= *scan.after)) continue;
            part.more = part.records.size() == limit;
            if (part.more) break;
            part.records.push_back({key, scan.keys_only ? "" : stored.value, stored.version});
        }
        answer(from, std::move(part));
    }
    void serve(const Origin& from, MapRequest& request) {
        if (std::tie(map_.generation, map_.epoch) > std::tie(request.generation, request.epoch))
            return answer(from, MapSnapshot{map_});
        answer(from, CurrentEpoch{map_.generation, map_.epoch});
    }
    // Of nodes called "full" it says that they cannot be drained.
    void serve(const Origin& from, Administer& request) {
        if (!takes_changes || !node_.none()) return;
        ++changes;
        AdministerAnswer done{request.request, std::nullopt, "done: " + request.node, map_.epoch};
        if (request.node == "full") done.error = ErrorCode::refused, done.text = "nowhere to go";
        answer(from, std::move(done));
    }
    void serve(const Origin& from, HoldingsRequest& request) {
        HoldingsAnswer held{request.request, {}};
        for (std::uint32_t p = 0; p < map_.partitions.size(); ++p)
            if (map_.partitions[p].view.has(node_))
                held.holdings.push_back({PartitionId(p), p, std::uint64_t{100} * p});
        answer(from, std::move(held));
    }
    template <class Other>
    void serve(const Origin&, Other&) {}

    const NodeId node_;
    const ClusterMap map_;
    std::map<PartitionId, std::map<std::string, Stored>> data_;
    OpNumber last_;
    Effects effects_;
    NoStorage storage_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<EventLoop> loop_;
    std::thread thread_;
};

// One registry, two nodes, 8 partitions in turn.
class LoopbackCluster {
  public:
    LoopbackCluster() : registry_endpoint(free_endpoint()) {
        map.generation = Generation(1);
        map.epoch = Epoch(1);
        map.settings.cluster = "loopback";
        map.settings.id = random_uuid();
        map.settings.partitions = 8;
        map.settings.replication = 1;
        for (std::uint32_t id = 1; id <= 2; ++id) {
            NodeInfo& node = map.nodes[NodeId(id)];
            node.id = NodeId(id);
            node.name = "n" + std::to_string(id);
            node.rack = "rack-a";
            node.endpoints = {free_endpoint()};
        }
        for (std::uint32_t p = 0; p < 8; ++p) {
            const NodeId node(p % 2 + 1);
            const ViewId view{Generation(1), ViewNumber(1)};
            map.partitions.push_back({{view, view, node, {node}}, {node}, {}});
        }
    }
    void start() {
        registry = std::make_unique<LoopbackServer>(NodeId(), map, registry_endpoint);
        for (const auto& [id, node] : map.nodes)
            nodes.push_back(std::make_unique<LoopbackServer>(id, map, node.endpoints.front()));
    }
    void fall_silent(bool silent = true) {
        for (const auto& node : nodes) node->silent = silent;
    }

    ClusterMap map;
    std::string registry_endpoint;
    std::unique_ptr<LoopbackServer> registry;
    std::vector<std::unique_ptr<LoopbackServer>> nodes;
};

}  // namespace ringkv::test
