// Requests that took long, and where their time went: a log line each, but so many a second and shard.
//
// Thread safety: none.
#pragma once

#include <optional>
#include <string>

#include "absl/container/inlined_vector.h"
#include "node/outlets.hpp"
#include "node/requests.hpp"

namespace ringkv {

class SlowLog {
  public:
    static constexpr std::uint64_t most_lines = 10;  // a second

    // `threshold`: 0 = no request is slow. The others must outlive it.
    SlowLog(Duration threshold, EventLog& events, ShardCounters& counters)
        : threshold_(threshold), events_(events), counters_(counters) {}

    [[nodiscard]] bool slow(Duration taken) const { return taken >= threshold_ && threshold_ > Duration{}; }
    // A read that was answered: if it was slow, a line.
    void answered(Time now, PartitionId partition, const Request& read) {
        if (slow(now - read.began)) add_read(now, partition, read);
    }
    // A request was answered that was slow. The first line of the next second says how many had none.
    void add_request(Time now, RequestKind kind, EventLog::Fields fields);
    // Our disk was, with entries that a primary waits for: that one and those after it.
    void add_disk(Time now, Duration took, PartitionId partition, const View& view, const Entry& first);

  private:
    void add_read(Time now, PartitionId partition, const Request& read);
    void add(Time now, std::string text, EventLog::Fields fields);

    const Duration threshold_;
    EventLog& events_;
    ShardCounters& counters_;
    Time second_{};
    std::uint64_t lines_ = 0;     // in this second
    std::uint64_t left_out_ = 0;  // since the newest line
};

// What the oldest op that is not committed waited for. It is made when the op has waited for long, and told of what
// comes from then on: so what is not in it had come sooner.
class SlowCommit {
  public:
    explicit SlowCommit(OpNumber op) : op_(op) {}

    [[nodiscard]] OpNumber op() const { return op_; }
    // `node` has not stored the op; none: our own disk.
    void lacks(NodeId node) { parts_.push_back({node, {}}); }
    // Now it has.
    void came(Time now, NodeId node);
    // What came after `since`, when that or a later op was appended, and how long after: "disk 120 ms, n3 250 ms".
    [[nodiscard]] std::string told(Time since, const ClusterMap& map) const;

  private:
    struct Part {
        NodeId node;
        std::optional<Time> at{};
    };
    OpNumber op_;
    absl::InlinedVector<Part, 4> parts_;
};

// Fields of log lines. As the client's own words for them (SlowCall in ringkv/client.hpp).
std::pair<std::string, std::string> field(RequestId request);
std::pair<std::string, std::string> field(ClientId client);
std::pair<std::string, std::string> field(std::string name, Duration duration);

}  // namespace ringkv
