// What operators do to a cluster, for tools: drain and remove nodes, repair, settings, and what a change would move.
//
//     auto admin = ringkv::Admin::connect({.registries = {"tcp://127.0.0.1:7400"}});
//     if (!admin) { std::cerr << admin.error().message() << '\n'; return 1; }
//     if (auto drained = admin->drain("n4"); !drained) { ... drained.error() ... }
//
// A change is asked of the registry again and again until it answers or the deadline passes: doing it twice is doing
// it once. It has one of these outcomes:
//   a value                        it is done, durably: the registry now sees to it
//   ErrorCode::refused             it would not be safe; the message says why, and what to do
//   ErrorCode::invalid_argument    there is no such node, or the value is out of range
//   ErrorCode::unavailable         no registry answered: nothing was changed
//   ErrorCode::outcome_unknown     the registry was there but did not answer this in time; do it again
// What is only asked ends with a value, or with unavailable.
//
// Thread safety: none. One thread at a time may use an Admin; it works on the caller's thread and has none of its own.
// Nothing throws (but for running out of memory).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ringkv/result.hpp>

namespace ringkv {

struct AdminOptions {
    // The registry's endpoint ("tcp://host:port"). Nodes serve as well for what is only asked.
    std::vector<std::string> registries{};
    // For each call in total, all repetitions included; also for connect().
    std::chrono::milliseconds deadline{5000};
};

// A change that was made.
struct Change {
    std::string text;         // what was done, in the registry's words
    std::uint64_t epoch = 0;  // of the map that shows it
};

struct Settings {
    std::chrono::milliseconds repair_after{};
    std::uint64_t max_bytes_per_second = 0;  // of copies, a node
    std::uint32_t max_moves_per_node = 0;    // copies that a node takes part in at once
    std::uint32_t max_moves_per_second = 0;  // that a node begins, where none is missing
};

// Those that are there are changed.
struct SettingsChange {
    std::optional<std::chrono::milliseconds> repair_after{};
    std::optional<std::uint64_t> max_bytes_per_second{};
    std::optional<std::uint32_t> max_moves_per_node{};
    std::optional<std::uint32_t> max_moves_per_second{};
};

struct PartitionSize {
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;  // of keys and values, one copy
};

// What a node's memory is taken by: bytes, roughly, as the allocator has them.
struct NodeMemory {
    std::string name;
    std::uint64_t data = 0;      // keys and values, with what they take beside
    std::uint64_t log = 0;       // the newest entries (limits.log)
    std::uint64_t sessions = 0;  // what is remembered of clients (limits.sessions)
    std::uint64_t requests = 0;  // that wait
    std::uint64_t limit = 0;     // of all that: three quarters of limits.memory; 0 = none
};

// How much there is, as the nodes say.
struct Holdings {
    std::vector<PartitionSize> partitions;  // by number
    std::vector<NodeMemory> memory;         // by name; nodes of older releases do not say
    // Nodes that are down or did not answer in time. What only they have counts as nothing.
    std::vector<std::string> silent;
};

// What the registry knows of a node beside its map.
struct NodeVitals {
    std::string name;
    std::string version;                         // of its program; empty: of an older release
    std::uint64_t behind = 0;                    // epochs that its map lacks of the one that was published a second ago
    double clock_rate = 1;                       // of its clock, to the registry's; measured over `clock_watched`
    std::chrono::milliseconds clock_watched{0};  // 0: not known yet, or of an older release
};

// What is wrong with a part of a node, as that says itself.
struct NodeTrouble {
    std::string name;
    std::string what;  // disk_stalled (stores nothing), shard_stuck (does not turn)
    std::uint32_t shard = 0;
    std::chrono::milliseconds lasts{0};  // since the registry was told
};

// A copy that is being made.
struct CopyUnderWay {
    std::uint32_t partition = 0;
    std::string to;
    std::chrono::milliseconds lasts{0};
};

struct Condition {
    std::string registry_version;
    std::vector<NodeVitals> nodes;      // by name; those that were heard of since the registry's start
    std::vector<NodeTrouble> troubles;  // that are not over
    std::vector<CopyUnderWay> copies;   // those that last longest, a hundred at most
};

struct PlannedNode {
    std::string name;
    std::string rack;
    double weight = 1.0;
};

// What might happen to the cluster, all of it at once. Empty: nothing but what is planned already.
struct PlanRequest {
    std::vector<PlannedNode> add{};
    std::vector<std::string> remove{};      // drained first, and so nothing is at risk
    std::vector<std::string> undrain{};     // would hold partitions again
    std::vector<std::string> lose{};        // nodes that fail and do not come back
    std::vector<std::string> lose_racks{};  // likewise, whole racks
};

struct NodePlan {
    std::string name;
    std::string rack;
    std::uint32_t copies_now = 0, copies_then = 0;  // partitions that it has or should have
    std::uint32_t primaries_now = 0, primaries_then = 0;
    std::uint32_t receives = 0;        // copies that are made there
    std::uint64_t bytes_received = 0;  // by them
};

struct Plan {
    std::uint64_t moves = 0;        // copies that are made on nodes that have none of that partition
    std::uint64_t bytes = 0;        // of them
    std::uint64_t least_moves = 0;  // no placement that keeps racks and balance can do with fewer
    // The registry would refuse it. Then the figures are 0.
    bool refused = false;
    std::string reason;                 // why, and what to do
    std::vector<std::string> warnings;  // one sentence each
    std::vector<NodePlan> nodes;        // by name, those that go too
    std::vector<std::string> silent;    // as in Holdings: bytes are less than they should be
    // Until copies have been made; of all partitions.
    std::uint32_t unavailable = 0;       // no copy is on a node that is up
    std::uint32_t lost = 0;              // of those: all copies were in the memory of nodes that fail
    std::uint32_t under_replicated = 0;  // served, with fewer copies than wanted
    bool all_copies = true;              // the nodes that are left can hold as many copies as are wanted
};

// How far a node is with what was asked of it.
struct NodeMoves {
    std::string name;
    std::string state;                  // up, down, stopping; gone: the cluster has forgotten it
    std::string duty;                   // "", draining, drained, leaving, absent
    std::vector<std::uint32_t> gives;   // partitions that it has, or should have, and is to give away
    std::vector<std::uint32_t> awaits;  // partitions that it is to get
    std::uint32_t active = 0;           // of both: being copied now
    std::string waits;                  // why nothing goes on, and what to do; empty: it goes on
};

struct AbsentNode {
    std::string name;
    std::string rack;
    std::uint32_t copies = 0;  // that it has, or should have
    bool evicted = false;      // down for longer than repair_after: they are made elsewhere
};

struct RepairStatus {
    bool frozen = false;      // no copies are made and none deleted
    bool regardless = false;  // more than half of the nodes are absent, but an operator wants copies made
    std::string reason;       // why it is frozen, and what to do
    std::uint32_t nodes = 0;
    std::vector<AbsentNode> absent;  // by name
    std::chrono::milliseconds repair_after{};
    std::uint32_t under_replicated = 0;
    std::uint32_t unavailable = 0;
    std::uint32_t active = 0;   // copies being made
    std::uint32_t pending = 0;  // copies to be made
};

// What happened to the cluster, as the registry tells (docs/events.md).
struct ClusterEvent {
    std::uint64_t id = 0;  // 1, 2, 3, ... without a gap
    std::string time;      // UTC: "2026-11-26T17:40:00.123Z"
    std::uint64_t epoch = 0;
    std::string kind;                          // a stable word: "node_down"
    std::string node{};                        // empty: it is about none
    std::optional<std::uint32_t> partition{};  // where it is about a single one
    std::uint64_t cause = 0;                   // the id of the event that brought it about; 0: not known
    std::string text{};                        // a sentence
    std::uint64_t count = 1;                   // so many happened, and are told as one
};

struct EventQuery {
    std::optional<std::uint64_t> after{};  // those above it, the oldest first; absent: the newest
    std::uint32_t limit = 0;               // at most so many; 0: as many as an answer may have
    std::vector<std::string> kinds{};      // of one of these; none: of any
    std::string node{};                    // about this one; empty: about any, and about none
};

struct EventList {
    std::vector<ClusterEvent> events;  // the oldest first
    bool more = false;                 // there are others after the last of these
    std::uint64_t newest = 0;          // of all events; without `more`, go on after it
};

// What a node's shards have counted since its process started: of two moments the difference counts.
struct NodeLoad {
    std::string name;
    std::uint64_t start = 0;  // of the process: another one counts from 0 again
    std::uint64_t puts = 0;   // that came, whatever became of them; compare-and-set is a put
    std::uint64_t erases = 0;
    std::uint64_t gets = 0;
    std::uint64_t scans = 0;
    std::uint64_t refused = 0;  // of all these
    std::uint64_t written_bytes = 0, read_bytes = 0;
    // Of those answered: up to 10 us, 20 us, 50 us, 100 us and so on to 10 s, and above.
    std::vector<std::uint64_t> write_durations{}, get_durations{};
};

struct HotPartitionLoad {
    std::uint32_t partition = 0;
    std::string node;    // that is asked
    double share = 0.0;  // of all requests of the last ten seconds or so, estimated from every 64th
};
struct HotKeyLoad {
    std::string key;  // the first 256 bytes of it
    std::uint32_t partition = 0;
    std::string node;
    double share = 0.0;  // estimated, likewise: at most so much
};

struct Load {
    std::vector<NodeLoad> nodes{};               // by name
    std::vector<HotPartitionLoad> partitions{};  // the hottest first; a few of each node
    std::vector<HotKeyLoad> keys{};              // likewise
    std::vector<std::string> silent{};           // as in Holdings
};

class Admin {
  public:
    // Learns the map. Errors: configuration (bad endpoint), unavailable.
    static Result<Admin> connect(AdminOptions options);

    Admin(Admin&&) noexcept;
    Admin& operator=(Admin&&) noexcept;
    ~Admin();

    // Its copies move to others; it stays in the cluster, empty.
    Result<Change> drain(std::string_view node);
    // It holds partitions again; also if it was to be removed.
    Result<Change> undrain(std::string_view node);
    // The same as drain, and it is forgotten once it is empty and down.
    Result<Change> remove(std::string_view node);
    // Copies are made although more than half of the nodes are absent.
    Result<Change> resume_repair();
    // These partitions begin anew, empty: what was in them is lost for good. It says that their members are stopped for
    // good: one that is only cut off from the registry would serve on. Nothing is done if one of them has a member that
    // is up, or down for less than repair_after and was not removed (`refused`), or if there is none of that number
    // (`invalid_argument`, as from registries of older releases). Those that have lost all their members:
    // ClusterStatus::partitions, `lost`.
    Result<Change> reset_partitions(const std::vector<std::uint32_t>& partitions);
    Result<Change> change_settings(const SettingsChange& change);

    // Of the newest map, each.
    Result<Settings> settings();
    Result<RepairStatus> repair_status();
    // A node that is not in the map has state "gone".
    Result<NodeMoves> moves_of(std::string_view node);
    // Asks every node that is up; waits at most two seconds for the slow ones.
    Result<Holdings> holdings();
    // Asks the registry; bounded in number and bytes. Errors: unavailable, also where it is of a release up to 0.5.
    Result<EventList> events(const EventQuery& query);
    // Asks the registry. Errors: unavailable, also where it is of an older release, which cannot tell.
    Result<Condition> condition();
    // As holdings().
    Result<Load> load();
    // Changes nothing. Errors: invalid_argument, if a node or rack is not there, or one to be added is.
    Result<Plan> plan(const PlanRequest& request, const Holdings& holdings);

  private:
    class Impl;
    explicit Admin(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringkv
