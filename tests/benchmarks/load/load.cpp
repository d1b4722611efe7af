#include "tests/benchmarks/load/load.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

namespace ringkv::benchmarks {
namespace {

constexpr std::chrono::milliseconds warm_up(200);
constexpr std::size_t latencies_expected = 4'000'000;

// By hand: to format it would cost more than a client's whole operation may.
std::string key_of(std::uint64_t number) {
    std::string key = "key-0000000000000";
    for (auto digit = key.rbegin(); number > 0 && *digit == '0'; ++digit, number /= 10)
        *digit = static_cast<char>('0' + number % 10);
    return key;
}

std::string letters(std::uint64_t count) {
    std::mt19937_64 random(count);
    std::string text(count, '\0');
    for (char& letter : text) letter = static_cast<char>('a' + random() % 26);
    return text;
}

}  // namespace

LoadOptions load_options(int argc, char** argv, const std::string& what) {
    using Operation = LoadOptions::Operation;
    const std::map<std::string, Operation> operations{
        {"get", Operation::get}, {"put", Operation::put}, {"fill", Operation::fill}};
    LoadOptions options;
    double seconds = options.seconds.count();
    CLI::App app(what);
    app.option_defaults()->always_capture_default();
    app.add_option("operation", options.operation, "get, put or fill")
        ->required()
        ->transform(CLI::CheckedTransformer(operations));
    app.add_option("--endpoints", options.endpoints, "with commas")->delimiter(',')->required();
    app.add_option("--outstanding", options.outstanding, "at a time")->check(CLI::PositiveNumber);
    app.add_option("--keys", options.keys, "how many there are")->check(CLI::PositiveNumber);
    app.add_option("--first-key", options.first_key, "where fill begins");
    app.add_option("--value-size", options.value_size, "bytes");
    app.add_option("--seconds", seconds, "after the warm-up");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    options.seconds = std::chrono::duration<double>(seconds);
    return options;
}

Load::Load(const LoadOptions& options)
    : options_(options),
      value_(letters(options.value_size)),
      random_(std::random_device{}()),
      next_(options.first_key) {
    latencies_.reserve(latencies_expected);
}

std::optional<std::string> Load::next_key() {
    const bool fills = options_.operation == LoadOptions::Operation::fill;
    if (ends_ == Clock::time_point{}) {
        counted_from_ = Clock::now() + (fills ? std::chrono::milliseconds(0) : warm_up);
        ends_ = counted_from_ + std::chrono::duration_cast<Clock::duration>(options_.seconds);
    }
    if (fills) return next_ < options_.keys ? std::optional(key_of(next_++)) : std::nullopt;
    if (last_ >= ends_) return {};
    return key_of(random_() % options_.keys);
}

void Load::answered(Clock::time_point asked, Clock::time_point now, std::uint64_t operations) {
    last_ = now;
    if (now < counted_from_ || (now > ends_ && options_.operation != LoadOptions::Operation::fill)) return;
    operations_ += operations;
    const auto tenths = std::chrono::duration_cast<std::chrono::nanoseconds>(now - asked).count() / 100;
    latencies_.push_back(
        static_cast<std::uint32_t>(std::min<std::int64_t>(tenths, std::numeric_limits<std::uint32_t>::max())));
}

void Load::print() const {
    std::vector<std::uint32_t> sorted = latencies_;
    std::sort(sorted.begin(), sorted.end());
    const auto percentile = [&sorted](double share) {
        if (sorted.empty()) return 0.0;
        return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))] / 10.0;
    };
    const auto fills = options_.operation == LoadOptions::Operation::fill;
    const std::chrono::duration<double> took = (fills ? last_ : ends_) - counted_from_;
    const nlohmann::json result{{"ops_per_second", static_cast<double>(operations_) / took.count()},
                                {"p50_us", percentile(0.5)},
                                {"p99_us", percentile(0.99)},
                                {"operations", operations_}};
    fmt::print("{}\n", result.dump());
}

}  // namespace ringkv::benchmarks
