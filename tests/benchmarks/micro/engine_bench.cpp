// The memory engine, as a node uses it: 1024 partitions, keys of 17 and values of 100 bytes in random order. The
// argument says how many keys there are.
#include <benchmark/benchmark.h>

#include "common/partitioning.hpp"
#include "node/memory_engine.hpp"
#include "tests/benchmarks/micro/samples.hpp"

namespace {

using namespace ringkv;
using namespace ringkv::benchmarks;

constexpr std::uint32_t partitions = 1024;

class Keys {
  public:
    explicit Keys(const benchmark::State& state) {
        for (const std::uint32_t number : shuffled(static_cast<std::uint32_t>(state.range(0)))) {
            keys_.push_back(sample_key(number));
            partitions_.push_back(partition_of(keys_.back(), partitions));
        }
    }

    void next() { at_ = (at_ + 1) % keys_.size(); }
    [[nodiscard]] const std::string& key() const { return keys_[at_]; }
    [[nodiscard]] PartitionId partition() const { return partitions_[at_]; }
    [[nodiscard]] std::size_t count() const { return keys_.size(); }

  private:
    std::vector<std::string> keys_;
    std::vector<PartitionId> partitions_;
    std::size_t at_ = 0;
};

void set(MemoryEngine& engine, const Keys& keys, const std::string& value, std::uint64_t op) {
    Entry entry;
    entry.op = entry.version = OpNumber(op);
    entry.kind = EntryKind::set;
    entry.key = keys.key();
    entry.value = value;
    engine.apply(keys.partition(), entry);
}

void fill(MemoryEngine& engine, Keys& keys) {
    const std::string value = sample_value();
    for (std::uint64_t op = 1; op <= keys.count(); ++op, keys.next()) set(engine, keys, value, op);
}

// New keys, into an engine that grows from nothing.
void engine_set(benchmark::State& state) {
    Keys keys(state);
    double bytes = 0;
    for (auto _ : state) {
        MemoryEngine engine;
        fill(engine, keys);
        state.PauseTiming();
        bytes = static_cast<double>(engine.bytes());
        for (std::uint32_t partition = 0; partition < partitions; ++partition) engine.clear(PartitionId(partition));
        while (engine.reclaim(1'000'000)) {
        }
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(keys.count()));
    state.counters["bytes_each"] = bytes / static_cast<double>(keys.count());
}

void engine_overwrite(benchmark::State& state) {
    Keys keys(state);
    MemoryEngine engine;
    fill(engine, keys);
    const std::string value = sample_value();
    std::uint64_t op = keys.count();
    for (auto _ : state) {
        set(engine, keys, value, ++op);
        keys.next();
    }
}

void engine_get(benchmark::State& state) {
    Keys keys(state);
    MemoryEngine engine;
    fill(engine, keys);
    for (auto _ : state) {
        benchmark::DoNotOptimize(engine.get(keys.partition(), keys.key())->value.data());
        keys.next();
    }
}

// A hundred keys of one partition, from its first on.
void engine_scan_of_100(benchmark::State& state) {
    Keys keys(state);
    MemoryEngine engine;
    fill(engine, keys);
    std::uint32_t partition = 0;
    std::size_t records = 0;
    for (auto _ : state) {
        ScanRange range;
        range.prefix = "key-";
        range.max_records = 100;
        const ScanPart part = engine.scan(PartitionId(partition++ % partitions), range);
        records += part.records.size();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(records));
}

BENCHMARK(engine_set)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(engine_overwrite)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(engine_get)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(engine_scan_of_100)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace
