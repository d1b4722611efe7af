// events: what happened to the cluster, and because of what; --follow: and what happens.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "kvctl/commands/commands.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

constexpr std::uint64_t shown_unasked = 100;
constexpr std::size_t kind_width = 17;
constexpr std::size_t node_width = 8;
constexpr int deepest = 4;

Colour colour_of_kind(std::string_view kind) {
    static const std::map<std::string_view, Colour> colours = {
        {"node_down", Colour::red},         {"unavailable", Colour::red},
        {"copies_lost", Colour::red},       {"disk_stalled", Colour::red},
        {"shard_stuck", Colour::red},       {"registry_stands_aside", Colour::red},
        {"node_suspected", Colour::yellow}, {"under_replicated", Colour::yellow},
        {"node_evicted", Colour::yellow},   {"node_stopping", Colour::yellow},
        {"repair_frozen", Colour::yellow},  {"join_refused", Colour::yellow},
        {"node_returned", Colour::green},   {"node_joined", Colour::green},
        {"available", Colour::green},       {"fully_replicated", Colour::green},
        {"moves_ended", Colour::green},     {"disk_stores", Colour::green},
        {"shard_turns", Colour::green},     {"node_drained", Colour::green},
        {"repair_resumed", Colour::green},
    };
    const auto found = colours.find(kind);
    return found == colours.end() ? Colour::none : found->second;
}

Json json_of(const ClusterEvent& event) {
    Json json{{"id", event.id}, {"time", event.time}, {"epoch", event.epoch}, {"kind", event.kind}};
    if (!event.node.empty()) json["node"] = event.node;
    if (event.partition) json["partition"] = *event.partition;
    if (event.cause != 0) json["cause"] = event.cause;
    json["text"] = event.text;
    if (event.count > 1) json["count"] = event.count;
    return json;
}

std::string padded(std::string text, std::size_t columns) {
    text.append(columns - std::min(columns, width(text)), ' ');
    return text;
}

// Lines as they come: what follows from an event that was shown stands further to the right.
class EventLines {
  public:
    explicit EventLines(const Console& console) : console_(console) {}

    void print(const ClusterEvent& event) {
        if (depths_.empty())
            console_.out << console_.paint_out(Colour::bold,
                                               fmt::format("{:>6}  {:<23}  {}  {}  WHAT", "ID", "TIME (UTC)",
                                                           padded("KIND", kind_width), padded("NODE", node_width)))
                         << '\n';
        const auto cause = depths_.find(event.cause);
        const int depth = cause == depths_.end() ? 0 : std::min(cause->second + 1, deepest);
        depths_[event.id] = depth;
        if (depths_.size() > most_depths) depths_.erase(depths_.begin());
        const std::string because = event.cause == 0 ? "" : fmt::format("  (because of {})", event.cause);
        console_.out << fmt::format(
            "{:>6}  {}  {}  {}  {}{}{}\n", event.id, time_text(event.time),
            console_.paint_out(colour_of_kind(event.kind), padded(escape(event.kind), kind_width)),
            padded(event.node.empty() ? "-" : escape(event.node), node_width),
            std::string(static_cast<std::size_t>(2 * depth), ' '), escape(event.text),
            console_.paint_out(Colour::dim, because));
    }

  private:
    static constexpr std::size_t most_depths = 10000;

    // "2026-11-26T17:40:00.123Z" -> "2026-11-26 17:40:00.123"
    static std::string time_text(std::string time) {
        time = escape(time);
        std::ranges::replace(time, 'T', ' ');
        if (time.ends_with('Z')) time.pop_back();
        return time;
    }

    const Console& console_;
    std::map<std::uint64_t, int> depths_;  // of those shown
};

class EventsCommand {
  public:
    EventsCommand(Context& context, Admin& admin)
        : context_(context), admin_(admin), lines_(context.console), follows_(context.arguments.has("--follow")) {
        query_.after = context.arguments.number("--after");
        query_.kinds = context.arguments.texts("--kind");
        query_.node = context.arguments.text("--node").value_or("");
        const auto limit = context.arguments.number("--limit");
        left_ = limit ? limit : query_.after ? std::nullopt : std::optional(shown_unasked);
    }

    ExitCode run() {
        const InterruptWatch watch;
        if (auto shown = show_what_is_there(); !shown) return report(context_, shown.error());
        if (!follows_) {
            if (context_.json) print_json(context_, list_);
            return ExitCode::ok;
        }
        left_.reset();
        while (!interrupted() && context_.console.out.good()) {
            context_.console.out.flush();
            std::this_thread::sleep_for(context_.program.watch_every);
            follow();
        }
        return ExitCode::ok;
    }

  private:
    // In as many answers as it takes.
    Result<void> show_what_is_there() {
        for (bool more = true; more && left_ != std::optional<std::uint64_t>(0);) {
            constexpr std::uint64_t as_many_as_fit = 1000;
            query_.limit = static_cast<std::uint32_t>(std::min(left_.value_or(as_many_as_fit), as_many_as_fit));
            const auto events = admin_.events(query_);
            if (!events) return events.error();
            for (const ClusterEvent& event : events->events) show(event);
            if (left_) *left_ -= std::min<std::uint64_t>(*left_, events->events.size());
            more = events->more && !events->events.empty();
            // A registry whose old data were put back has fewer.
            query_.after = more ? events->events.back().id : events->newest;
        }
        return {};
    }

    void follow() {
        const auto shown = show_what_is_there();
        if (!shown && !silent_) context_.console.say(shown.error().message() + "; it is asked again");
        if (shown && silent_) context_.console.say("the registry answers again");
        silent_ = !shown;
    }

    void show(const ClusterEvent& event) {
        if (context_.json && follows_)
            print_json(context_, json_of(event));
        else if (context_.json)
            list_.push_back(json_of(event));
        else
            lines_.print(event);
    }

    Context& context_;
    Admin& admin_;
    EventLines lines_;
    const bool follows_;
    EventQuery query_;
    std::optional<std::uint64_t> left_;  // to be shown; none: all
    Json list_ = Json::array();
    bool silent_ = false;
};

}  // namespace

ExitCode run_events(Context& context) {
    auto admin = connect_admin(context);
    if (!admin) return report_unconnected(context, admin.error());
    return EventsCommand(context, *admin).run();
}

}  // namespace ringkv::kvctl
