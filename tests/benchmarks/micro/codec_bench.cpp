// The messages of the data path, encoded and decoded: the argument says how many a frame holds. Time is of one
// message (benchmarks' "items"), its header's share included.
#include <benchmark/benchmark.h>

#include "common/edge/codec/codec.hpp"
#include "common/partitioning.hpp"
#include "tests/benchmarks/micro/samples.hpp"

namespace {

using namespace ringkv;
using namespace ringkv::benchmarks;

constexpr std::uint32_t partitions = 1024;
constexpr ViewId view{Generation(1), ViewNumber(7)};

Message write(std::uint32_t number) {
    Write message;
    message.request = RequestId(number + 1);
    message.key = sample_key(number);
    message.partition = partition_of(message.key, partitions);
    message.client = ClientId(0x123456789ABCDEF0U);
    message.sequence = Sequence(number + 1000);
    message.lowest = Sequence(900);
    message.known = OpNumber(5000);
    message.value = sample_value();
    return message;
}

Message write_answer(std::uint32_t number) {
    return WriteAnswer{RequestId(number + 1), WriteStatus::done, OpNumber(70000 + number), OpNumber(70000)};
}

Message get(std::uint32_t number) {
    const std::string key = sample_key(number);
    return Get{RequestId(number + 1), partition_of(key, partitions), key};
}

Message get_answer(std::uint32_t number) {
    return GetAnswer{RequestId(number + 1), sample_value(), OpNumber(70000 + number), OpNumber(70000)};
}

Message prepare(std::uint32_t number) {
    const std::string key = sample_key(number);
    const std::string value = sample_value();
    Entry entry;
    entry.op = entry.version = OpNumber(70000 + number);
    entry.view = view;
    entry.kind = EntryKind::set;
    entry.key = key;
    entry.value = value;
    entry.client = ClientId(0x123456789ABCDEF0U);
    entry.sequence = Sequence(number + 1000);
    entry.lowest = Sequence(900);
    Prepare message;
    message.partition = partition_of(key, partitions);
    message.view = message.since = view;
    message.first = entry.op;
    message.entries.push_back(share(entry));
    message.commit = OpNumber(69999 + number);
    return message;
}

Message prepare_ok(std::uint32_t number) {
    PrepareOk message;
    message.partition = PartitionId(number % partitions);
    message.view = view;
    message.op = OpNumber(70000 + number);
    message.commit = OpNumber(69999 + number);
    return message;
}

// A list that the receiver has, as nearly all are.
Message beacon(std::uint32_t number) {
    Beacon message;
    message.nonce = Nonce(number + 1);
    message.list = 17;
    return message;
}

// A new list, of a third of the partitions.
Message beacon_with_claims(std::uint32_t number) {
    Beacon message = std::get<Beacon>(beacon(number));
    message.claims.emplace();
    for (std::uint32_t partition = 0; partition < partitions / 3; ++partition)
        message.claims->push_back({PartitionId(partition * 3), view});
    return message;
}

using Make = Message (*)(std::uint32_t number);

std::vector<Message> messages_of(const benchmark::State& state, Make make) {
    std::vector<Message> messages;
    for (std::uint32_t number = 0; number < state.range(0); ++number) messages.push_back(make(number));
    return messages;
}

void encode_message(benchmark::State& state, Make make) {
    const auto messages = messages_of(state, make);
    FrameWriter writer({}, {});
    std::size_t bytes = 0;
    for (auto _ : state) {
        for (const Message& message : messages) writer.add(message);
        const std::string frame = writer.take();
        bytes = frame.size();
        benchmark::DoNotOptimize(frame.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
}

void decode_message(benchmark::State& state, Make make) {
    const std::string frame = encode({}, {}, messages_of(state, make));
    for (auto _ : state) benchmark::DoNotOptimize(decode(frame));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

[[maybe_unused]] const bool registered = [] {
    const std::vector<std::pair<std::string, Make>> makes = {
        {"Write", write},     {"WriteAnswer", write_answer},
        {"Get", get},         {"GetAnswer", get_answer},
        {"Prepare", prepare}, {"PrepareOk", prepare_ok},
        {"Beacon", beacon},   {"BeaconWithClaims", beacon_with_claims}};
    for (const auto& [name, make] : makes) {
        const bool small = name.starts_with("Beacon");
        benchmark::RegisterBenchmark(("encode/" + name).c_str(), encode_message, make)->Arg(small ? 1 : 100);
        benchmark::RegisterBenchmark(("decode/" + name).c_str(), decode_message, make)->Arg(small ? 1 : 100);
    }
    return true;
}();

}  // namespace
