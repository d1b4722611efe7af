// The RingKV client library.
//
//     auto client = ringkv::Client::connect({.registries = {"tcp://127.0.0.1:7400"}});
//     if (!client) { std::cerr << client.error().message() << '\n'; return 1; }
//     if (auto version = client->put("user:1", "Ada"); !version) { ... version.error() ... }
//
// Keys are 1 byte to 4 KiB and values up to 1 MiB (unless the nodes are configured otherwise) of any
// bytes, NUL included.
//
// Consistency: reads and writes of a key are linearizable, unless a call asks for less to be answered sooner
// (WriteAck::primary, ReadConsistency::stale below). Every write happens at most once, however
// often the library has to retry it, and has one of three outcomes:
//   a value                        it happened;
//   ErrorCode::unavailable (or invalid_argument, condition_failed, closed)   it did not, and will not;
//   ErrorCode::outcome_unknown     the deadline passed first; error().maybe_applied() is true.
// Calls that were not awaited are concurrent, except that writes to one key happen in the order in
// which one thread made them (WriteOptions::ordered).
//
// Thread safety: one Client is meant to be shared; every member may be called from any thread.
// Calls made at the same time are coalesced into one message a shard. Callbacks run on the client's
// own thread: they must not block or throw, nor destroy the Client; a synchronous call on the same Client
// fails there with invalid_argument. A Client that was moved from may only be destroyed or assigned to.
// Nothing throws (but for running out of memory).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ringkv/result.hpp>

namespace ringkv {

// The position of the write in its partition's log: grows with every write of a key. 0: none, or none was told.
using Version = std::uint64_t;

// What get() finds. (`Entry` in the design; that name is the log's here.)
struct VersionedValue {
    std::string value;
    Version version = 0;
};

struct KeyValue {
    std::string key;
    std::string value;
    Version version = 0;
    std::chrono::milliseconds age{0};  // of a stale scan: as StaleValue's
};

enum class ReadConsistency : unsigned char {
    linearizable,
    // From any replica of the key, in `Options::rack` first, as far as that has got. What it brings was committed, but
    // may have been overwritten since; a later read may bring an older state than an earlier one, from another replica.
    // Works while no primary does. Nodes up to 0.5 do not know it: a primary of those is read instead.
    stale,
};

// When a put or an erasure is answered.
enum class WriteAck : unsigned char {
    all,  // committed: every member of the partition has it
    // As soon as the primary has it. It is LOST if the primary fails before all members have it too, within a round
    // trip mostly; then all that the primary alone had is lost, from the first such write on. What was lost
    // may yet come back, as long as nothing else was written to its partition. A primary that is stopped gracefully
    // loses none. Until it is committed, linearizable reads of the key wait: none shows what may be
    // lost. It still happens at most once, and the errors mean what they always do. The answer has no
    // version (it is 0). Nodes up to 0.5 do not know it, and answer as for `all`.
    primary,
};

struct WriteOptions {
    WriteAck ack = WriteAck::all;
    // Of the async_ calls: later writes of this Client to the key wait until this one has its outcome, so they happen
    // in the order in which they were made. false: others may overtake it; for callers that do not wait for each
    // other, as those of different threads, it is faster where they have one key in common. (A synchronous call has
    // its caller wait, and needs no more.)
    bool ordered = true;
};

struct ReadOptions {
    ReadConsistency read = ReadConsistency::linearizable;
    // Of a stale read: replicas whose state may be older are not taken; 0 = however old. Errors: unavailable, where
    // none was as fresh by the deadline.
    std::chrono::milliseconds max_age{0};
};

// What read() finds.
struct StaleValue {
    std::optional<VersionedValue> found;  // none: no such key
    // All that was committed earlier than this before the call began is in it; so is every write that was answered by
    // then, but for those of WriteAck::primary that were not committed. 0 for a linearizable read. An upper bound, as
    // long as clocks are wrong by a fifth at most.
    std::chrono::milliseconds age{0};
};

// A call that took long, when it ended, well or not. The servers' logs name the same request by the same ids, where it
// was slow there: what of its time was spent at the primary, and what on the way, is the difference.
struct SlowCall {
    std::string operation;                     // write, get, scan, map
    std::string key;                           // of a scan: its prefix; of map: empty
    std::chrono::microseconds took{0};         // in this client, from its hand-over on
    std::chrono::microseconds before_last{0};  // of that: until its last attempt was sent; all if none was
    std::uint64_t attempts = 0;
    std::string request;         // the id of the last attempt: 16 hexadecimal digits; empty: there was none
    std::string client;          // this Client's, likewise
    std::uint64_t sequence = 0;  // of a write: with `client`, the id that all replicas know it by; else 0
    std::string endpoint;        // that the last attempt was sent to; empty: none
    std::string refusal;         // why an attempt before it was refused, the last one; empty: none was
};

struct Options {
    // Where to learn the map: the registry, or any nodes ("tcp://host:port"; the registry may be down then).
    std::vector<std::string> registries{};
    // For each call in total, all retries included; also for connect().
    std::chrono::milliseconds deadline{5000};
    // What calls do that do not say it themselves. Conditional writes are acknowledged by all whatever this says: their
    // outcome is what they are for.
    ReadConsistency read = ReadConsistency::linearizable;
    WriteAck ack = WriteAck::all;
    // Where this client is, as nodes name it (`rack` in their configuration): stale reads go there first. May be empty.
    std::string rack{};
    // Bytes outstanding to one shard at most, requests and what reads are expected to bring; one request may be larger.
    // What has no room waits in the client, until its deadline.
    std::size_t window = std::size_t{4} << 20U;
    // Calls that take this long are told to `on_slow_call`, which is called on the client's own thread, as other
    // callbacks are. 0, or no function: none is.
    std::chrono::milliseconds slow_call{0};
    std::function<void(const SlowCall&)> on_slow_call{};
};

struct ScanOptions {
    std::size_t limit = 0;  // at most so many keys; 0 = all
    bool keys_only = false;
    // Instead of the client's own way to read. Stale: every key that was there from `age` before the scan began to its
    // end certainly, others perhaps; each part tells its age with its keys.
    std::optional<ReadOptions> read{};
};

// What the client's copy of the cluster map says, for tools.
struct NodeStatus {
    std::string name;
    std::string rack;
    std::string state;    // up, down, stopping
    std::string address;  // of its first shard
    std::string durability;
    double weight = 1.0;
    std::uint32_t shards = 0;
    std::uint32_t primaries = 0;  // partitions it is primary of
    std::uint32_t copies = 0;     // partitions it is a member of, primaries included
    // "": it holds its partitions. draining, drained (it may be stopped), leaving (it is forgotten once it is empty and
    // down), absent (down for so long that its copies are made elsewhere).
    std::string duty;
};

struct ReplicaStatus {
    std::string name;
    std::string rack;
    std::string role;  // primary, backup, learner (being filled), planned (will be)
    std::string state;
};

struct PartitionStatus {
    std::uint32_t partition = 0;
    std::string view;
    std::string primary;
    std::vector<ReplicaStatus> members;  // the primary first, then backups, learners, planned
    bool available = false;              // its primary is up
    bool full = false;                   // as many members as the replication asks for
    bool lost = false;                   // none of its members can ever come back
};

struct ClusterStatus {
    std::string cluster;
    std::string cluster_id;
    std::uint64_t generation = 0;
    std::uint64_t epoch = 0;
    std::string health;  // ok: every partition full; degraded: some are not; unavailable: some cannot be served
    std::uint32_t replication = 0;
    std::uint32_t total = 0;
    std::uint32_t full = 0;
    std::uint32_t under_replicated = 0;  // served, with fewer copies than wanted
    std::uint32_t unavailable = 0;
    std::uint32_t lost = 0;                   // of the unavailable: every member is gone for good, and its data with it
    std::uint32_t learners = 0;               // copies being made
    std::uint32_t pending = 0;                // copies that are to be made
    std::string frozen;                       // why no copies are made, and what to do; empty: they are
    std::vector<NodeStatus> nodes;            // by name
    std::vector<PartitionStatus> partitions;  // by number
};

class Client {
  public:
    // Learns the map from the first endpoint that answers. Errors: configuration (bad endpoint, or an
    // option of a later version), unavailable (no endpoint answered in time; the message names those asked).
    static Result<Client> connect(Options options);

    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    // Ends calls under way with `closed`, or outcome_unknown.
    ~Client();

    // -> the key's new version; 0 where the primary alone has acknowledged it.
    Result<Version> put(std::string_view key, std::string_view value);
    Result<Version> put(std::string_view key, std::string_view value, const WriteOptions& options);
    // -> the value and its version, or nullopt if there is no such key.
    Result<std::optional<VersionedValue>> get(std::string_view key);
    // The same, and how old it may be.
    Result<StaleValue> read(std::string_view key, const ReadOptions& options);
    // -> the version of the removal (0 as put()'s), or nullopt if there was no such key.
    Result<std::optional<Version>> erase(std::string_view key);
    Result<std::optional<Version>> erase(std::string_view key, const WriteOptions& options);
    // Writes only if the key's version is `expected` (0 = absent). condition_failed otherwise.
    Result<Version> compare_and_set(std::string_view key, Version expected, std::string_view value);
    // Removes only if the key's version is `expected`. condition_failed otherwise.
    Result<Version> compare_and_erase(std::string_view key, Version expected);

    // Many keys at once, grouped by shard, in parallel; the results are in the order of the arguments.
    // Each key stands for itself: there is no transaction across keys.
    std::vector<Result<std::optional<VersionedValue>>> get_many(const std::vector<std::string>& keys);
    std::vector<Result<StaleValue>> read_many(const std::vector<std::string>& keys, const ReadOptions& options);
    std::vector<Result<Version>> put_many(const std::vector<std::pair<std::string, std::string>>& entries);
    std::vector<Result<Version>> put_many(const std::vector<std::pair<std::string, std::string>>& entries,
                                          const WriteOptions& options);

    // Every key with the prefix, once each: those that are there for the whole scan certainly, others
    // perhaps. Ordered within a partition, not across. `each` returns false to stop; it is called on the
    // caller's thread. -> how many keys were given to `each`. The deadline is for each step, not the whole.
    Result<std::size_t> scan(std::string_view prefix, const ScanOptions& options,
                             const std::function<bool(const KeyValue&)>& each);
    // The same, gathered.
    Result<std::vector<KeyValue>> scan(std::string_view prefix = {}, const ScanOptions& options = {});

    std::future<Result<Version>> async_put(std::string_view key, std::string_view value);
    std::future<Result<std::optional<VersionedValue>>> async_get(std::string_view key);
    std::future<Result<std::optional<Version>>> async_erase(std::string_view key);
    std::future<Result<Version>> async_compare_and_set(std::string_view key, Version expected, std::string_view value);

    void async_put(std::string_view key, std::string_view value, std::function<void(Result<Version>)> done);
    void async_put(std::string_view key, std::string_view value, const WriteOptions& options,
                   std::function<void(Result<Version>)> done);
    void async_read(std::string_view key, const ReadOptions& options, std::function<void(Result<StaleValue>)> done);
    void async_get(std::string_view key, std::function<void(Result<std::optional<VersionedValue>>)> done);
    void async_erase(std::string_view key, std::function<void(Result<std::optional<Version>>)> done);
    void async_erase(std::string_view key, const WriteOptions& options,
                     std::function<void(Result<std::optional<Version>>)> done);
    void async_compare_and_set(std::string_view key, Version expected, std::string_view value,
                               std::function<void(Result<Version>)> done);

    // Asks for the newest map, and says what it shows.
    Result<ClusterStatus> status();
    // From the cached map: where a key lives. No round trip.
    [[nodiscard]] PartitionStatus locate(std::string_view key) const;

  private:
    class Impl;
    explicit Client(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringkv
