// The hosts of one process, one actor each, and the messages between them: no sockets, no codec, nothing lost on the
// way to a host that is there. What an actor stores is durable at once, and forgotten with it.
//
// Thread safety: none; the cluster's thread owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/turn.hpp"

namespace ringkv::local {

// From 1; never used again.
using HostId = std::uint64_t;

struct HostPlan {
    std::string name;     // for log lines
    std::string listen;   // endpoint; empty: it cannot be asked
    std::string publish;  // PUB endpoint; empty: none
};

class Network {
  public:
    using LogSink = std::function<void(const std::string& host, const LogLine& line)>;

    explicit Network(LogSink log) : log_(std::move(log)) {}

    // The actor must outlive the host.
    HostId add(HostPlan plan, Actor& actor);
    // At once: what is on its way to it is lost, and a request to its endpoint gets no answer.
    void remove(HostId host);
    // The host takes a turn in the next round, although no message came: something was asked of its actor.
    void touch(HostId host);

    // A turn of each host that has messages or was touched; of every host, if `every_host`. All of them see the same
    // time. -> whether there is more to do at once.
    bool round(Time now, bool every_host);

  private:
    struct Parcel {
        Origin from;
        Message message;
    };
    struct Host {
        HostPlan plan;
        Actor* actor;
        std::vector<Parcel> inbox;
        bool touched = false;
        std::string subscription;
        BatchNumber stored;
        BatchNumber told_durable;
    };
    class HostDriver;

    void turn(HostId id, Host& host, Time now);
    void send(HostId from, Host& sender, const Identity& identity, std::vector<Outgoing>& messages);

    LogSink log_;
    std::map<HostId, Host> hosts_;
    std::map<std::string, HostId> listeners_;  // by endpoint
    HostId last_ = 0;
};

}  // namespace ringkv::local
