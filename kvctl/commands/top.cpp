// top: what the nodes do now, and which partitions and keys are asked for most.
#include <fmt/format.h>

#include <thread>

#include "kvctl/commands/commands.hpp"
#include "kvctl/load_rates.hpp"
#include "kvctl/progress.hpp"
#include "kvctl/table.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t partitions_shown = 5;
constexpr std::size_t keys_shown = 10;
constexpr std::size_t key_width = 40;
constexpr std::chrono::milliseconds looks_for_interrupt{50};

std::string time_text(const std::optional<std::chrono::nanoseconds>& time) {
    if (!time) return "-";
    const double microseconds = static_cast<double>(time->count()) / 1e3;
    if (microseconds < 1e3) return fmt::format("{:.0f} us", microseconds);
    if (microseconds < 1e6) return fmt::format("{:.1f} ms", microseconds / 1e3);
    return fmt::format("{:.1f} s", microseconds / 1e6);
}

std::string share_text(double share) {
    return fmt::format("{:.1f} %", share * 100);
}

void add_row(Table& table, const Rates& rates, Colour colour) {
    table.add({{escape(rates.name), colour},
               rate(rates.gets),
               rate(rates.puts),
               rate(rates.erases),
               rate(rates.scans),
               {rate(rates.refused), rates.refused > 0 ? Colour::yellow : Colour::none},
               time_text(rates.get_p50),
               time_text(rates.get_p99),
               time_text(rates.write_p50),
               time_text(rates.write_p99),
               readable_size(rates.read_bytes),
               readable_size(rates.written_bytes)});
}

void print_rates(const Console& console, const LoadRates& rates) {
    Table table({{"A SECOND"},
                 {"GET", Align::right},
                 {"PUT", Align::right},
                 {"ERASE", Align::right},
                 {"SCAN", Align::right},
                 {"REFUSED", Align::right},
                 {"GET P50", Align::right},
                 {"P99", Align::right},
                 {"WRITE P50", Align::right},
                 {"P99", Align::right},
                 {"READ", Align::right},
                 {"WRITTEN", Align::right}});
    for (const Rates& node : rates.nodes) add_row(table, node, Colour::none);
    add_row(table, rates.total, Colour::bold);
    table.print(console);
}

void print_hot(const Console& console, const Load& load) {
    if (!load.partitions.empty()) {
        console.out << '\n';
        Table table({{"HOT PARTITION", Align::right}, {"NODE"}, {"SHARE", Align::right}});
        for (std::size_t i = 0; i < std::min(partitions_shown, load.partitions.size()); ++i)
            table.add({std::to_string(load.partitions[i].partition), escape(load.partitions[i].node),
                       share_text(load.partitions[i].share)});
        table.print(console);
    }
    if (load.keys.empty()) return;
    console.out << '\n';
    Table table({{"HOT KEY"}, {"PARTITION", Align::right}, {"NODE"}, {"SHARE", Align::right}});
    for (std::size_t i = 0; i < std::min(keys_shown, load.keys.size()); ++i)
        table.add({shorten(escape(load.keys[i].key), key_width), std::to_string(load.keys[i].partition),
                   escape(load.keys[i].node), share_text(load.keys[i].share)});
    table.print(console);
}

Json json_of(const Rates& rates) {
    const auto microseconds = [](const std::optional<std::chrono::nanoseconds>& time) {
        return time ? Json(time->count() / 1000) : Json(nullptr);
    };
    return {{"name", rates.name},
            {"gets", rates.gets},
            {"puts", rates.puts},
            {"erases", rates.erases},
            {"scans", rates.scans},
            {"refused", rates.refused},
            {"read_bytes", rates.read_bytes},
            {"written_bytes", rates.written_bytes},
            {"get_p50_us", microseconds(rates.get_p50)},
            {"get_p99_us", microseconds(rates.get_p99)},
            {"write_p50_us", microseconds(rates.write_p50)},
            {"write_p99_us", microseconds(rates.write_p99)}};
}

Json json_of(const Load& load, const LoadRates& rates, std::chrono::nanoseconds time) {
    Json nodes = Json::array();
    for (const Rates& node : rates.nodes) nodes.push_back(json_of(node));
    Json partitions = Json::array();
    for (const HotPartitionLoad& hot : load.partitions)
        partitions.push_back({{"partition", hot.partition}, {"node", hot.node}, {"share", hot.share}});
    Json keys = Json::array();
    for (const HotKeyLoad& hot : load.keys) {
        Json key;
        add_bytes(key, "key", hot.key);
        key["partition"] = hot.partition;
        key["node"] = hot.node;
        key["share"] = hot.share;
        keys.push_back(std::move(key));
    }
    return {{"seconds", std::chrono::duration<double>(time).count()},
            {"nodes", std::move(nodes)},
            {"total", json_of(rates.total)},
            {"hot_partitions", std::move(partitions)},
            {"hot_keys", std::move(keys)},
            {"silent", load.silent}};
}

class TopCommand {
  public:
    TopCommand(Context& context, Admin& admin) : context_(context), console_(context.console), admin_(admin) {
        if (const auto interval = context.arguments.text("--interval")) interval_ = parse_duration(*interval).value();
    }

    ExitCode run() {
        const InterruptWatch watch;
        const bool once = context_.arguments.has("--once") || (!context_.json && !console_.out_is_terminal);
        auto before = admin_.load();
        if (!before) return report(context_, before.error());
        Clock::time_point looked = Clock::now();
        while (pause() && console_.out.good()) {
            auto after = admin_.load();
            if (!after) return report(context_, after.error());
            const auto time = Clock::now() - looked;
            looked += time;
            show(*after, rates_between(*before, *after, time), time, once);
            if (once) break;
            before = std::move(after);
        }
        return ExitCode::ok;
    }

  private:
    // False: interrupted.
    [[nodiscard]] bool pause() const {
        const Clock::time_point until = Clock::now() + interval_;
        while (!interrupted() && Clock::now() < until)
            std::this_thread::sleep_for(std::min<Clock::duration>(looks_for_interrupt, until - Clock::now()));
        return !interrupted();
    }

    void show(const Load& load, const LoadRates& rates, std::chrono::nanoseconds time, bool once) const {
        if (context_.json) {
            print_json(context_, json_of(load, rates, time));
        } else {
            if (!once) console_.out << "\033[H\033[J";  // from the top of the screen
            print_rates(console_, rates);
            print_hot(console_, load);
            if (!load.silent.empty())
                console_.out << fmt::format("\ndid not say: {}\n",
                                            escape(fmt::format("{}", fmt::join(load.silent, ", "))));
            if (!once) console_.out << console_.paint_out(Colour::dim, "\nCtrl-C ends it\n");
        }
        console_.out.flush();
    }

    Context& context_;
    const Console& console_;
    Admin& admin_;
    std::chrono::milliseconds interval_{1000};
};

}  // namespace

ExitCode run_top(Context& context) {
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    return TopCommand(context, *admin).run();
}

}  // namespace ringkv::kvctl
