// scan, export: every key with a prefix, printed as it comes.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "kvctl/commands/commands.hpp"
#include "kvctl/consistency.hpp"
#include "kvctl/progress.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

std::string prefix_of(const Context& context) {
    return context.arguments.words.empty() ? "" : context.arguments.words.front();
}

void print_row(const Context& context, const KeyValue& entry, bool keys_only, bool stale) {
    const Console& console = context.console;
    if (context.json) {
        Json object = with_key(entry.key);
        if (!keys_only) add_bytes(object, "value", entry.value);
        if (entry.version != 0) object["version"] = entry.version;
        if (stale) object["age_ms"] = entry.age.count();
        print_json(context, object);
        return;
    }
    std::string row = escape(entry.key);
    if (!keys_only) {
        // On a terminal a row is a line: what would be cut off need not be escaped either.
        const std::size_t columns = console.out_is_terminal ? console.columns : entry.value.size();
        row += (console.out_is_terminal ? "  " : "\t") + escape(std::string_view(entry.value).substr(0, columns * 4));
        if (console.out_is_terminal) row = shorten(std::move(row), columns);
    }
    console.out << row << '\n';
}

ExitCode report_incomplete(const Context& context, const Error& error, std::uint64_t count) {
    context.console.say(
        fmt::format("kvctl {}: incomplete, after {} keys", context.arguments.command->name, grouped(count)));
    return report(context, error);
}

ExitCode say_interrupted(const Context& context, std::uint64_t count) {
    context.console.say(
        fmt::format("kvctl {}: interrupted after {} keys", context.arguments.command->name, grouped(count)));
    return ExitCode::interrupted;
}

}  // namespace

ExitCode run_scan(Context& context) {
    const auto read = read_options(context.arguments);
    if (!read) return report(context, read.error());
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    ScanOptions options;
    options.limit = context.arguments.number("--limit").value_or(0);
    options.keys_only = context.arguments.has("--keys");
    options.read = *read;

    std::uint64_t count = 0;
    std::chrono::milliseconds age{0};
    const auto scanned = client->scan(prefix_of(context), options, [&](const KeyValue& entry) {
        print_row(context, entry, options.keys_only, read->read == ReadConsistency::stale);
        age = std::max(age, entry.age);
        ++count;
        return context.console.out.good() && !interrupted();
    });
    if (!scanned) return report_incomplete(context, scanned.error(), count);
    if (interrupted()) return say_interrupted(context, count);
    if (count > 0) say_age(context, *read, age);
    return ExitCode::ok;
}

ExitCode run_export(Context& context) {
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    const InterruptWatch watch;
    Progress progress(context.console, "exported", std::nullopt, !context.console.out_is_terminal);
    std::uint64_t count = 0;
    const auto scanned = client->scan(prefix_of(context), {}, [&](const KeyValue& entry) {
        Json object = with_key(entry.key);
        add_bytes(object, "value", entry.value);
        print_json(context, object);
        progress.update(++count, 0);
        return context.console.out.good() && !interrupted();
    });
    progress.clear();
    if (!scanned) return report_incomplete(context, scanned.error(), count);
    if (interrupted()) return say_interrupted(context, count);
    if (!context.console.out.flush().good()) return ExitCode::failed;  // run() says so
    context.console.say(fmt::format("exported {} keys in {:.1f} s", grouped(count), progress.seconds()));
    return ExitCode::ok;
}

}  // namespace ringkv::kvctl
