#include "kvctl/commands/demo.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <optional>

#include "kvctl/table.hpp"
#include "kvctl/text.hpp"
#include "ringkv/demo.hpp"

namespace ringkv::kvctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_looks(10);    // until it is ready
constexpr std::chrono::milliseconds between_checks(200);  // afterwards
constexpr std::chrono::seconds longest_start(30);

// While one lives the signals that ask a program to end wait for wait(), in all threads that are started meanwhile too;
// afterwards they end the program as ever. One that was ignored before (nohup) still is.
class StopSignals {
  public:
    StopSignals() {
        sigemptyset(&signals_);
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
            struct sigaction before {};
            ::sigaction(number, nullptr, &before);
            if (before.sa_handler != SIG_IGN) sigaddset(&signals_, number);
        }
        pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    }
    ~StopSignals() { end(); }
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    // True: one came.
    [[nodiscard]] bool wait(std::chrono::milliseconds time) const {
        const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time);
        const timespec limit{whole.count(), std::chrono::nanoseconds(time - whole).count()};
        return ::sigtimedwait(&signals_, nullptr, &limit) > 0;
    }
    // The next one ends the program at once.
    void end() const { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t signals_{};
    sigset_t before_{};
};

DemoOptions options_of(const Arguments& arguments) {
    DemoOptions options;
    options.port = arguments.number("--port").value_or(options.port);
    options.nodes = arguments.number("--nodes").value_or(options.nodes);
    options.racks = arguments.number("--racks").value_or(std::min(options.racks, options.nodes));
    options.verbose = arguments.has("--verbose");
    return options;
}

Json to_json(const DemoNode& node) {
    Json object{{"name", node.name},
                {"rack", node.rack},
                {"state", node.state},
                {"address", node.address},
                {"http", node.http}};
    if (!node.error.empty()) object["error"] = node.error;
    return object;
}

// ---------------------------------------------------------------- the one that runs is asked

ExitCode print_nodes(const Context& context, const DemoAnswer& answer) {
    if (context.json) {
        Json nodes = Json::array();
        for (const DemoNode& node : answer.nodes) nodes.push_back(to_json(node));
        print_json(context, nodes);
        return ExitCode::ok;
    }
    Table table({{"NODE"}, {"RACK"}, {"STATE"}, {"ADDRESS"}, {"METRICS"}});
    for (const DemoNode& node : answer.nodes) {
        const Colour colour = node.state == "running" ? Colour::green : Colour::red;
        const std::string state = node.error.empty() ? node.state : node.state + ": " + node.error;
        table.add(
            {escape(node.name), escape(node.rack), {escape(state), colour}, escape(node.address), escape(node.http)});
    }
    table.print(context.console);
    return ExitCode::ok;
}

ExitCode print_change(const Context& context, const DemoAnswer& answer) {
    if (!context.json) {
        context.console.out << escape(answer.text) << '\n';
        return ExitCode::ok;
    }
    Json object = answer.nodes.empty() ? Json::object() : to_json(answer.nodes.front());
    object["partitions"] = answer.partitions;
    object["not_served"] = answer.not_served;
    object["text"] = answer.text;
    print_json(context, object);
    return ExitCode::ok;
}

ExitCode ask_the_one_that_runs(const Context& context, const DemoOptions& options) {
    static constexpr std::array<std::string_view, 4> verbs = {"nodes", "kill", "pause", "resume"};
    const std::vector<std::string>& words = context.arguments.words;
    const auto wrong = [&context](std::string message) {
        return report(context, Error(ErrorCode::invalid_argument, std::move(message)));
    };
    const std::string& verb = words.front();
    if (std::find(verbs.begin(), verbs.end(), verb) == verbs.end()) {
        const auto near = nearest(verb, {verbs.begin(), verbs.end()});
        return wrong(near ? fmt::format("unknown word {}; did you mean '{}'?", named(verb), *near)
                          : fmt::format("unknown word {}; there are {}", named(verb), fmt::join(verbs, ", ")));
    }
    const bool of_all = verb == "nodes";
    if (of_all && words.size() > 1) return wrong("'nodes' takes no NAME: it lists all");
    if (!of_all && words.size() < 2) return wrong(fmt::format("{} needs the NAME of a node: kvctl demo nodes", verb));
    const auto answer = ask_demo(options.port, {verb, of_all ? "" : words[1]}, context.timeout);
    if (!answer) return report(context, answer.error());
    return of_all ? print_nodes(context, *answer) : print_change(context, *answer);
}

// ---------------------------------------------------------------- one is run

void print_ready(const Context& context, const DemoCluster& demo, const DemoOptions& options, double seconds) {
    const std::vector<DemoNode> nodes = demo.nodes();
    if (context.json) {
        Json line{{"ready", true},
                  {"seconds", seconds},
                  {"page", demo.page()},
                  {"registry", demo.registry()},
                  {"partitions", demo.partitions()},
                  {"replication", demo.replication()},
                  {"directory", demo.directory()},
                  {"nodes", Json::array()}};
        for (const DemoNode& node : nodes) line["nodes"].push_back(to_json(node));
        print_json(context, line);
        context.console.out << std::flush;
        return;
    }
    const bool moved = options.port != default_demo_port;
    const std::string set = moved ? fmt::format("  export RINGKV_REGISTRY={}\n", demo.registry()) : "";
    const std::string here = moved ? fmt::format(" --port {}", options.port) : "";
    const std::string& last = nodes.back().name;
    const std::string later = nodes.size() > demo.replication()
                                  ? fmt::format("after {} s its copies are made elsewhere", demo.repair_after().count())
                                  : "with the data that it had";
    std::string text =
        fmt::format("ready in {:.1f} s: {} in {}, {} with {} copies each\n", seconds, counted(nodes.size(), "node"),
                    counted(options.racks, "rack"), counted(demo.partitions(), "partition"), demo.replication());
    text += fmt::format("  page      {}\n  registry  {}\n", demo.page(), demo.registry());
    for (const DemoNode& node : nodes) text += fmt::format("  {:<8}  {}, {}\n", node.name, node.address, node.rack);
    text += fmt::format("  data      {}, removed at the end\n", demo.directory());
    text += fmt::format(
        "from another terminal\n"
        "{0}"
        "  kvctl put user:1 Ada\n"
        "  kvctl bench mixed --seconds 60\n"
        "  kvctl events --follow\n"
        "  kvctl demo{1} kill {2}      and look at the page, at kvctl status and kvctl top\n"
        "  kvctl demo{1} resume {2}    {3}\n"
        "  kvctl demo{1} nodes\n"
        "Ctrl-C ends it",
        set, here, last, later);
    if (const auto limit = context.arguments.text("--seconds")) text += fmt::format(", and so do {} s", *limit);
    context.console.out << text << std::endl;
}

// True: it is ready. False: a signal came. Error: it takes too long, and why.
Result<bool> await_ready(DemoCluster& demo, const StopSignals& signals) {
    const auto until = Clock::now() + longest_start;
    for (;;) {
        const std::vector<std::string> reasons = demo.not_ready();
        if (reasons.empty()) return true;
        if (auto runs = demo.outcome(); !runs) return runs.error();
        if (Clock::now() >= until)
            return Error(ErrorCode::unavailable,
                         fmt::format("the cluster is not ready after {} s: {}; --verbose shows what it does",
                                     longest_start.count(), reasons.front()));
        if (signals.wait(between_looks)) return false;
    }
}

Result<void> await_end(const DemoCluster& demo, const StopSignals& signals, std::optional<std::uint64_t> seconds) {
    const auto begun = Clock::now();
    while (!signals.wait(between_checks)) {
        if (auto runs = demo.outcome(); !runs) return runs;
        if (seconds && Clock::now() - begun >= std::chrono::seconds(*seconds)) break;
    }
    return {};
}

ExitCode run_one(const Context& context, const DemoOptions& options) {
    const StopSignals signals;  // before there are threads
    const auto begun = Clock::now();
    const auto demo = DemoCluster::open(options);
    if (!demo) return report(context, demo.error());
    const auto ready = await_ready(**demo, signals);
    if (!ready) return report(context, ready.error());
    if (!*ready) return ExitCode::interrupted;
    print_ready(context, **demo, options, std::chrono::duration<double>(Clock::now() - begun).count());
    const auto ended = await_end(**demo, signals, context.arguments.number("--seconds"));
    signals.end();
    if (!ended) return report(context, ended.error());
    return ExitCode::ok;
}

}  // namespace

ExitCode run_demo(Context& context) {
    const DemoOptions options = options_of(context.arguments);
    return context.arguments.words.empty() ? run_one(context, options) : ask_the_one_that_runs(context, options);
}

}  // namespace ringkv::kvctl
