// What another client feels meanwhile, for scripts/overload: one call of the library after the other, puts and gets in
// turn, spread over all partitions. Each is a line when it has ended: when it began (seconds of the monotonic clock, as
// Python's time.monotonic()), how long it took in microseconds, and "ok" or why it failed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <ringkv/client.hpp>
#include <thread>

int main(int argc, char** argv) {
    using Clock = std::chrono::steady_clock;
    std::string registry;
    CLI::App app("One call after the other");
    app.add_option("--registry", registry, "its endpoint")->required();
    CLI11_PARSE(app, argc, argv);
    auto client = ringkv::Client::connect({.registries = {registry}});
    if (!client) {
        std::cerr << "probe_load: " << client.error().message() << '\n';
        return 1;
    }
    for (std::uint64_t number = 0; std::cout; ++number) {
        const std::string key = fmt::format("probe-{:04}", number / 2 % 1000);
        const auto began = Clock::now();
        std::string outcome = "ok";
        if (number % 2 == 0) {
            if (const auto done = client->put(key, "value"); !done) outcome = done.error().message();
        } else {
            const auto found = client->get(key);
            if (!found)
                outcome = found.error().message();
            else if (!*found || (*found)->value != "value")
                outcome = "a wrong value";
        }
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
        std::cout << fmt::format("{:.6f} {} {}\n", std::chrono::duration<double>(began.time_since_epoch()).count(),
                                 took, outcome)
                  << std::flush;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return 0;
}
