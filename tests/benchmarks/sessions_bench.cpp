// What sessions cost a partition: memory for each client, and time for a write, for a quiet second, for the expiry of
// clients that wrote once, and for a state transfer. For docs/performance.md.
#include <malloc.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <chrono>

#include "node/sessions.hpp"

namespace {

using namespace ringkv;
using Clock = std::chrono::steady_clock;

double nanoseconds_since(Clock::time_point start, std::size_t times = 1) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(times);
}

// Clients are random numbers.
ClientId client(std::uint64_t number) {
    number += 0x9E3779B97F4A7C15U * (number + 1);
    number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9U;
    return ClientId(number ^ (number >> 27U));
}

Entry write(std::uint64_t op, ClientId by, std::uint64_t sequence, std::uint64_t lowest) {
    Entry entry;
    entry.op = entry.version = OpNumber(op);
    entry.kind = EntryKind::set;
    entry.client = by;
    entry.sequence = Sequence(sequence);
    entry.lowest = Sequence(lowest);
    return entry;
}

Entry expire(std::uint64_t op, std::vector<ClientId> clients) {
    Entry entry;
    entry.op = OpNumber(op);
    entry.kind = EntryKind::expire;
    entry.expired = std::move(clients);
    return entry;
}

std::size_t heap() {
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

void measure(std::size_t clients) {
    const Time start = Time{} + std::chrono::hours(1);
    const std::size_t before = heap();
    SessionTable table;
    std::uint64_t op = 0;
    double longest = 0;
    auto begin = Clock::now();
    for (std::size_t n = 0; n < clients; ++n) {
        const auto one = Clock::now();
        table.apply(write(++op, client(n), 1, 1));
        table.touch(client(n), start + std::chrono::microseconds(n));
        longest = std::max(longest, nanoseconds_since(one));
    }
    const double first_write = nanoseconds_since(begin, clients);
    const double memory = static_cast<double>(heap() - before) / static_cast<double>(clients);

    begin = Clock::now();
    for (std::size_t n = 0; n < clients; ++n) table.apply(write(++op, client(n), 2, 2));
    const double next_write = nanoseconds_since(begin, clients);

    const Time never{};
    begin = Clock::now();
    std::size_t chosen = 0;
    for (int second = 0; second < 10; ++second) chosen += table.idle(never, ~std::uint64_t{0}, 512).size();
    const double quiet = nanoseconds_since(begin, 10);

    // A second's expiry of clients that wrote once, ten thousand of them, in entries of 512.
    const std::size_t goal = clients < 10000 ? 0 : clients - 10000;
    begin = Clock::now();
    while (table.size() > goal)
        table.apply(expire(++op, table.idle(start + std::chrono::hours(1), ~std::uint64_t{0},
                                            std::min<std::size_t>(512, table.size() - goal))));
    const double expiry = nanoseconds_since(begin);

    begin = Clock::now();
    std::size_t parts = 0;
    double longest_part = 0;
    for (SessionTable::Part part{{}, 0, 0, true}; part.more; ++parts) {
        const auto one = Clock::now();
        part = table.part(part.next, std::size_t{16} << 10U);
        longest_part = std::max(longest_part, nanoseconds_since(one));
    }
    const double copying = nanoseconds_since(begin);

    fmt::print(
        "{:>9} clients: {:5.0f} bytes each; a first write {:4.0f} ns (the slowest {:5.1f} ms), the next {:4.0f} ns; "
        "a look for idle ones {:9.1f} us; 10,000 expire in {:6.2f} ms; all in {} parts, {:6.1f} us the longest, "
        "{:6.1f} ms together\n",
        clients, memory, first_write, longest / 1e6, next_write, quiet / 1e3, expiry / 1e6, parts, longest_part / 1e3,
        copying / 1e6);
    if (chosen != 0) fmt::print("some were idle\n");
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("What sessions cost");
    std::vector<std::size_t> sizes{10000, 100000, 1000000};
    app.add_option("--clients", sizes, "how many");
    CLI11_PARSE(app, argc, argv);
    for (const std::size_t size : sizes) measure(size);
    return 0;
}
