// node: drain, undrain and remove. Says what would move, asks, has it done, and watches.
#include <fmt/format.h>

#include <thread>

#include "kvctl/commands/commands.hpp"
#include "kvctl/plan_text.hpp"
#include "kvctl/progress.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

enum class Action : unsigned char { drain, undrain, remove };

Result<Action> parse_action(const std::string& word) {
    if (word == "drain") return Action::drain;
    if (word == "undrain") return Action::undrain;
    if (word == "remove") return Action::remove;
    const auto meant = nearest(word, {"drain", "undrain", "remove"});
    return Error(ErrorCode::invalid_argument, fmt::format("'{}' is neither drain, undrain nor remove{}", escape(word),
                                                          meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
}

class NodeCommand {
  public:
    NodeCommand(Context& context, Action action, Admin& admin)
        : context_(context),
          console_(context.console),
          action_(action),
          word_(context.arguments.words[0]),
          name_(context.arguments.words[1]),
          shown_(escape(name_)),
          admin_(admin) {}

    ExitCode run();

  private:
    // What there is to do, as the preview or what is left of it says.
    struct Task {
        Plan plan;
        Holdings holdings;
    };

    [[nodiscard]] bool asked_already(const NodeMoves& moves) const;
    [[nodiscard]] Result<Task> preview();
    [[nodiscard]] Result<Task> what_is_left(const NodeMoves& moves);
    [[nodiscard]] std::optional<ExitCode> confirm();
    [[nodiscard]] Result<Change> ask_registry();
    ExitCode watch(const Task& task);
    void show(Progress& progress, const Task& task, const NodeMoves& moves);
    [[nodiscard]] bool done(const Task& task, const NodeMoves& moves);
    ExitCode finish(const Task& task, const NodeMoves& moves);
    void print_result(const Task& task, std::string_view state);
    [[nodiscard]] const std::vector<std::uint32_t>& left(const NodeMoves& moves) const {
        return action_ == Action::undrain ? moves.awaits : moves.gives;
    }
    [[nodiscard]] static std::uint64_t bytes_of(const std::vector<std::uint32_t>& partitions, const Holdings& holdings);

    Context& context_;
    const Console& console_;
    const Action action_;
    const std::string word_;   // of the action
    const std::string name_;   // of the node
    const std::string shown_;  // the same, safe to print
    Admin& admin_;
    std::size_t most_left_ = 0;  // partitions, since we watch
    std::uint64_t most_bytes_ = 0;
    std::size_t looks_ = 0;
};

ExitCode NodeCommand::run() {
    const auto moves = admin_.moves_of(name_);
    if (!moves) return report(context_, moves.error());
    if (moves->state == "gone")
        return report(context_, Error(ErrorCode::invalid_argument,
                                      fmt::format("there is no node {}; `kvctl nodes` lists them", shown_)));
    if (action_ == Action::undrain && (moves->duty.empty() || moves->duty == "absent") && moves->awaits.empty())
        return finish(Task{}, *moves);
    const bool again = asked_already(*moves);
    const auto task = again ? what_is_left(*moves) : preview();
    if (!task) return report(context_, task.error());
    if (task->plan.refused) {
        if (context_.json) print_result(*task, moves->duty);
        return report(context_, Error(ErrorCode::refused, task->plan.reason),
                      fmt::format("kvctl plan --add NAME:RACK --remove {}, with another node", shown_));
    }
    if (!again)
        if (const auto ended = confirm()) return *ended;
    if (const auto changed = ask_registry(); !changed) {
        const bool unknown = changed.error().code() == ErrorCode::outcome_unknown;
        return unknown ? report(context_, changed.error(), fmt::format("kvctl node {} {}", word_, shown_))
                       : report(context_, changed.error());
    }
    if (!context_.arguments.has("--detach")) return watch(*task);
    print_result(*task, action_ == Action::remove ? "leaving" : action_ == Action::drain ? "draining" : "");
    console_.say(fmt::format("it goes on by itself; `kvctl node {} {}` shows how far it is", word_, shown_));
    return ExitCode::ok;
}

bool NodeCommand::asked_already(const NodeMoves& moves) const {
    switch (action_) {
        case Action::drain: return moves.duty == "draining" || moves.duty == "drained" || moves.duty == "leaving";
        case Action::undrain: return moves.duty.empty();
        case Action::remove: return moves.duty == "leaving";
    }
    return false;
}

Result<NodeCommand::Task> NodeCommand::preview() {
    auto holdings = admin_.holdings();
    if (!holdings) return holdings.error();
    PlanRequest request;
    (action_ == Action::undrain ? request.undrain : request.remove).push_back(name_);
    auto plan = admin_.plan(request, *holdings);
    if (!plan) return plan.error();
    if (!plan->refused) {
        console_.say(fmt::format("{} {}: {}", word_, shown_, moves_text(*plan)));
        for (const std::string& note : notes(*plan)) console_.say("note: " + note);
    }
    return Task{std::move(*plan), std::move(*holdings)};
}

Result<NodeCommand::Task> NodeCommand::what_is_left(const NodeMoves& moves) {
    auto holdings = admin_.holdings();
    if (!holdings) return holdings.error();
    Task task{Plan{}, std::move(*holdings)};
    task.plan.moves = task.plan.least_moves = left(moves).size();
    task.plan.bytes = bytes_of(left(moves), task.holdings);
    console_.say(fmt::format("{} {}: begun already, {} left", word_, shown_, counted(task.plan.moves, "partition")));
    return task;
}

// The exit code, if it is not to be done.
std::optional<ExitCode> NodeCommand::confirm() {
    if (context_.arguments.has("--yes")) return std::nullopt;
    if (!console_.in_is_terminal || !console_.err_is_terminal)
        return report(context_, Error(ErrorCode::invalid_argument, "without a terminal to ask on it needs --yes"),
                      fmt::format("kvctl node {} {} --yes", word_, shown_));
    console_.err << "go on? [y/N] " << std::flush;
    std::string line;
    LineReader reader(console_.answers != nullptr ? *console_.answers : console_.in, 100);
    LineReader::Got got = LineReader::Got::nothing_yet;
    while (got == LineReader::Got::nothing_yet && !interrupted()) {
        const auto next = reader.next(line, std::chrono::seconds(1));
        if (!next) return report(context_, next.error());
        got = *next;
    }
    if (got == LineReader::Got::line && (line == "y" || line == "Y" || line == "yes")) return std::nullopt;
    console_.say("nothing was changed");
    return ExitCode::failed;
}

Result<Change> NodeCommand::ask_registry() {
    switch (action_) {
        case Action::drain: return admin_.drain(name_);
        case Action::undrain: return admin_.undrain(name_);
        case Action::remove: break;
    }
    return admin_.remove(name_);
}

ExitCode NodeCommand::watch(const Task& task) {
    const InterruptWatch interrupt;
    Progress progress(console_, word_, std::nullopt);
    std::string said;
    for (bool first = true;; first = false) {
        if (!first) std::this_thread::sleep_for(context_.program.watch_every);
        if (interrupted()) {
            progress.clear();
            console_.say(fmt::format("it goes on by itself; `kvctl node {} {}` shows how far it is", word_, shown_));
            return ExitCode::interrupted;
        }
        const auto moves = admin_.moves_of(name_);
        if (moves && done(task, *moves)) {
            progress.clear();
            return finish(task, *moves);
        }
        const std::string trouble = moves ? moves->waits : moves.error().message();
        if (!trouble.empty() && trouble != said) progress.say("waiting: " + escape(trouble));
        said = trouble;
        if (moves) show(progress, task, *moves);
    }
}

std::uint64_t NodeCommand::bytes_of(const std::vector<std::uint32_t>& partitions, const Holdings& holdings) {
    std::uint64_t bytes = 0;
    for (const std::uint32_t p : partitions)
        if (p < holdings.partitions.size()) bytes += holdings.partitions[p].bytes;
    return bytes;
}

void NodeCommand::show(Progress& progress, const Task& task, const NodeMoves& moves) {
    const std::size_t partitions = left(moves).size();
    const std::uint64_t bytes = bytes_of(left(moves), task.holdings);
    most_left_ = std::max(most_left_, partitions);
    most_bytes_ = std::max(most_bytes_, bytes);
    if (most_left_ == 0) return;
    const auto moved = static_cast<double>(most_bytes_ - bytes);
    const double share = most_bytes_ > 0 ? moved / static_cast<double>(most_bytes_)
                                         : 1 - static_cast<double>(partitions) / static_cast<double>(most_left_);
    progress.show(
        share, fmt::format("{}: {} of {} partitions left, {} of {}, {}/s", shown_, grouped(partitions),
                           grouped(most_left_), readable_size(moved), readable_size(static_cast<double>(most_bytes_)),
                           readable_size(moved / std::max(progress.seconds(), 1e-3))));
}

bool NodeCommand::done(const Task& task, const NodeMoves& moves) {
    if (moves.state == "gone") return true;
    if (!left(moves).empty()) {
        looks_ = 0;
        return false;
    }
    ++looks_;
    // A moment passes before what is asked is planned, and before a leaver is forgotten.
    constexpr std::size_t looks_enough = 10;
    if (action_ == Action::undrain) return most_left_ > 0 || task.plan.moves == 0 || looks_ > looks_enough;
    return action_ == Action::drain || moves.state != "down";
}

ExitCode NodeCommand::finish(const Task& task, const NodeMoves& moves) {
    const bool gone = moves.state == "gone";
    print_result(task, gone ? "gone" : moves.duty);
    if (context_.json) return ExitCode::ok;
    const std::string_view outcome = gone                        ? "is forgotten"
                                     : action_ == Action::drain  ? "is drained: it may be stopped now"
                                     : action_ == Action::remove ? "is empty. Stop it: it is forgotten once it is down"
                                                                 : "holds its partitions";
    console_.out << shown_ << ' ' << outcome << '\n';
    return ExitCode::ok;
}

void NodeCommand::print_result(const Task& task, std::string_view state) {
    if (!context_.json) return;
    Json object = plan_json(task.plan);
    object["node"] = name_;
    object["action"] = word_;
    object["state"] = state.empty() ? "holding" : state;
    print_json(context_, object);
}

}  // namespace

ExitCode run_node(Context& context) {
    const auto action = parse_action(context.arguments.words[0]);
    if (!action) return report(context, action.error());
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    return NodeCommand(context, *action, *admin).run();
}

}  // namespace ringkv::kvctl
