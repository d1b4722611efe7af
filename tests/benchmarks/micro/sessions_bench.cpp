// What sessions cost a partition, by how many clients it has: a write, a quiet second, the expiry of clients that wrote
// once, and a state transfer.
#include <malloc.h>

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>

#include "node/sessions.hpp"

namespace {

using namespace ringkv;

const Time start = Time{} + std::chrono::hours(1);

// Clients are random numbers.
ClientId client(std::uint64_t number) {
    number += 0x9E3779B97F4A7C15U * (number + 1);
    number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9U;
    return ClientId(number ^ (number >> 27U));
}

Entry write(std::uint64_t op, ClientId by, std::uint64_t sequence) {
    Entry entry;
    entry.op = entry.version = OpNumber(op);
    entry.kind = EntryKind::set;
    entry.client = by;
    entry.sequence = entry.lowest = Sequence(sequence);
    return entry;
}

// A table in which each of `clients` has written once. -> the newest op.
std::uint64_t fill(SessionTable& table, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t number = from; number < to; ++number) {
        table.apply(write(number + 1, client(number), 1));
        table.touch(client(number), start + std::chrono::microseconds(number));
    }
    return to;
}

std::size_t heap() {
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

void session_first_writes(benchmark::State& state) {
    const auto clients = static_cast<std::uint64_t>(state.range(0));
    std::size_t bytes = 0;
    for (auto _ : state) {
        state.PauseTiming();
        const std::size_t before = heap();
        auto table = std::make_unique<SessionTable>();
        state.ResumeTiming();
        fill(*table, 0, clients);
        state.PauseTiming();
        bytes = heap() - before;
        table.reset();
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.counters["bytes_each"] = static_cast<double>(bytes) / static_cast<double>(clients);
}

void session_next_write(benchmark::State& state) {
    const auto clients = static_cast<std::uint64_t>(state.range(0));
    SessionTable table;
    std::uint64_t op = fill(table, 0, clients);
    std::uint64_t number = 0;
    std::uint64_t sequence = 2;
    for (auto _ : state) {
        table.apply(write(++op, client(number), sequence));
        if (++number == clients) number = 0, ++sequence;
    }
}

// A quiet second's look for sessions that have expired.
void session_idle_look(benchmark::State& state) {
    SessionTable table;
    fill(table, 0, static_cast<std::uint64_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(table.idle(Time{}, ~std::uint64_t{0}, 512));
}

// An entry that drops 512 clients, found and applied.
void session_expiry_of_512(benchmark::State& state) {
    const auto clients = static_cast<std::uint64_t>(state.range(0));
    SessionTable table;
    std::uint64_t newest = clients;
    std::uint64_t op = fill(table, 0, clients);
    for (auto _ : state) {
        Entry entry;
        const auto expired = table.idle(start + std::chrono::hours(1), ~std::uint64_t{0}, 512);
        entry.op = OpNumber(++op);
        entry.kind = EntryKind::expire;
        entry.expired = expired;
        table.apply(entry);
        state.PauseTiming();
        for (std::size_t i = 0; i < expired.size(); ++i, ++newest) {
            table.apply(write(++op, client(newest), 1));
            table.touch(client(newest), start + std::chrono::microseconds(newest));
        }
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * 512);
}

// All of the table, in parts of 16 KiB. The longest is what a turn waits for.
void session_copy(benchmark::State& state) {
    SessionTable table;
    fill(table, 0, static_cast<std::uint64_t>(state.range(0)));
    std::size_t parts = 0;
    for (auto _ : state) {
        parts = 0;
        for (SessionTable::Part part{{}, 0, 0, true}; part.more; ++parts)
            part = table.part(part.next, std::size_t{16} << 10U);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.counters["parts"] = static_cast<double>(parts);
}

BENCHMARK(session_first_writes)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(session_next_write)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(session_idle_look)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(session_expiry_of_512)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(session_copy)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
