#include "node/edge/shard_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>

#include "common/edge/codec/codec.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {

namespace {

// What a turn may make for one connection (EventLoopOptions): a budget that is smaller would lose answers.
constexpr std::size_t least_connection_bytes = std::size_t{8} << 20U;

// A quarter of limits.memory is for what is on its way, and no data: an eighth for answers, a sixteenth for requests;
// the rest for what waits for other nodes, which limits.log bounds (MemoryAccount).
TransportOptions transport_options(const std::string& listen, const Limits& limits, Durability durability) {
    TransportOptions options;
    options.listen = listen;
    options.limits.encoded_entries = durability != Durability::memory;
    if (limits.memory == 0) return options;
    options.connections_bytes =
        std::clamp<std::size_t>(limits.memory / 8, least_connection_bytes, options.connections_bytes);
    options.connection_bytes =
        std::clamp(options.connections_bytes / 2, least_connection_bytes, options.connection_bytes);
    options.waiting_bytes = std::min<std::size_t>(options.waiting_bytes, limits.memory / 16);
    return options;
}

// The log is replayed in steps: an engine on disk may have to be waited for.
constexpr std::size_t records_a_step = 500;

constexpr Duration between_activities = std::chrono::seconds(1);

// With what the transport alone knows.
NodeActivity activity_of(const Shard& shard, const Transport& transport) {
    TransportCounters counters = transport.counters();
    NodeActivity activity = shard.activity();
    activity.refused += counters.overloaded;
    activity.received = counters.received(PeerKind::client).bytes;
    activity.sent = counters.sent(PeerKind::client).bytes;
    return activity;
}

// A replica that waits is looked at no oftener (primary.cpp), and each wake-up of an idle node costs as much as a
// beacon.
EventLoopOptions loop_options() {
    EventLoopOptions options;
    options.tick = std::chrono::milliseconds(10);
    return options;
}

Limits without_the_way(Limits limits) {
    limits.memory -= limits.memory / 4;
    return limits;
}

}  // namespace

ShardThread::ShardThread(const NodeDescription& node, ShardIndex index, const Limits& limits,
                         const ShardStorage& storage, std::unique_ptr<Transport> transport, ShardWatch& watch,
                         ActivityBoard& board)
    : index_(index),
      watch_(watch),
      board_(board),
      storage_(storage),
      shard_(node, index, without_the_way(limits), storage_.engine, commit_rule_, succession_rule_, encode_entry),
      transport_(std::move(transport)),
      paced_(storage_.log, storage_.engine),
      shortening_(shard_, storage_.engine, storage_.checkpoint) {}

void ShardThread::begin() {
    if (storage_.beside) beside_.emplace(paced_, [this] { transport_->wake(); });
    loop_.emplace(shard_, beside_ ? static_cast<Storage&>(*beside_) : storage_.log, *transport_, loop_options());
}

Result<void> ShardThread::replay() {
    Engine& engine = storage_.engine;
    if (storage_.log.begins_late()) shard_.restore_from_checkpoints();
    std::size_t count = 0;
    auto replayed = storage_.log.replay([&](const StorageRecord& record) {
        shard_.restore(record);
        if (++count % records_a_step == 0) paced_.await_engine();
    });
    if (!replayed) return replayed;
    const auto missing = [this](const std::string& what) {
        return Error(ErrorCode::storage, "the log of shard " + std::to_string(index_) + " " + what);
    };
    if (!shard_.wholly_restored())
        return missing("begins with a checkpoint that has no end, and what stood before is missing");
    if (shard_.counts_on() > engine.flushed())
        return missing("counts on an engine on disk, which has what stood before, and " +
                       std::string(engine.next_flush().none() ? "the configuration says `engine: memory`"
                                   : engine.flushed().none()  ? "that is missing"
                                                              : "the one that is there is an older copy"));
    engine.forget_unselected();
    return {};
}

Result<std::unique_ptr<ShardThread>> ShardThread::open(const NodeDescription& node, ShardIndex index,
                                                       const std::string& listen, const Limits& limits,
                                                       const ShardStorage& storage, ShardWatch& watch,
                                                       ActivityBoard& board) {
    auto transport = Transport::open(transport_options(listen, limits, node.durability));
    if (!transport) return transport.error();
    std::unique_ptr<ShardThread> shard(
        new ShardThread(node, index, limits, storage, std::move(*transport), watch, board));
    try {
        if (auto replayed = shard->replay(); !replayed) return replayed.error();
    } catch (const EngineFailure& failure) {
        return failure.error();
    }
    shard->begin();
    return shard;
}

ShardThread::~ShardThread() {
    if (loop_) loop_->stop();
    if (thread_.joinable()) thread_.join();
}

void ShardThread::start(std::function<Result<void>(const Identity&)> joined, std::function<void()> ended) {
    on_joined_ = std::move(joined);
    ended_ = std::move(ended);
    loop_->each_turn([this](Time now) { each_turn(now); });
    thread_ = std::thread([this, name = log_name()] {
        const NamedLog named(name);
        run();
    });
}

void ShardThread::each_turn(Time now) {
    const auto storing_since = beside_ ? beside_->busy_since() : std::nullopt;
    const bool disk_stalls = storing_since && now - *storing_since > storage_.stall;
    shard_.disk_stalls(disk_stalls);
    if (!disk_stalls) watch_.turned(index_, now);
    if (index_ == 0) shard_.stuck_sibling(watch_.stuck(now, shard_.map().settings.lease.grace));
    if (stopping_.load(std::memory_order_relaxed)) shard_.stop(now);
    if (shard_.refusal()) {
        has_older_data_ = shard_.has_older_data();
        fail(Error(ErrorCode::refused, *shard_.refusal()));
    }
    if (!joined_ && shard_.joined()) {
        joined_ = true;
        if (auto noted = on_joined_(shard_.identity()); !noted) fail(noted.error());
    }
    if (beside_) keep_log_short();
    board_.offer(index_, [this] { return activity_of(shard_, *transport_); });
    if (index_ == 0 && now - told_activity_at_ >= between_activities) tell_activity(now);
    observed_.offer([&] { return ShardObservation{shard_.figures(now), figures_of(*loop_, *transport_)}; });
}

void ShardThread::tell_activity(Time now) {
    told_activity_at_ = now;
    if (auto activity = board_.gather()) shard_.tell(std::move(*activity));
}

// A checkpoint is in the log itself, in the segments from the one on that is written to when it begins.
void ShardThread::keep_log_short() {
    Log& log = storage_.log;
    if (const auto segment = shortening_.look(log.bytes(), log.newest())) log.drop_before(*segment);
}

void ShardThread::fail(const Error& error) {
    outcome_ = error;
    loop_->stop();
}

void ShardThread::run() {
    ::pthread_setname_np(::pthread_self(), ("shard " + std::to_string(index_)).c_str());
    try {
        const Result<void> result = loop_->run();
        if (!result) outcome_ = result.error();
    } catch (const EngineFailure& failure) {
        outcome_ = failure.error();
    }
    ended_();
}

void ShardThread::stop() {
    stopping_.store(true, std::memory_order_relaxed);
    loop_->wake();
}

void ShardThread::kill() {
    if (beside_) beside_->abandon();
    loop_->stop();
}

void ShardThread::pause() {
    if (beside_) beside_->pause();
    loop_->pause();
}

void ShardThread::resume() {
    if (beside_) beside_->resume();
    loop_->resume();
}

}  // namespace ringkv
