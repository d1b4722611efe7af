// put, get, del: one key.
#include <fmt/format.h>

#include <optional>
#include <string>

#include "kvctl/commands/commands.hpp"
#include "kvctl/consistency.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

// More than any node takes; so much of a pipe is read before it is refused.
constexpr std::size_t largest_value = std::size_t{64} << 20U;

Result<std::string> value_of(const Context& context, const std::string& word) {
    if (word == "-") return read_all(context.console.in, largest_value);
    if (word.empty() || word.front() != '@') return word;
    auto file = open_file(word.substr(1));
    if (!file) return file.error();
    return read_all(**file, largest_value);
}

// The version that the key must have; nullopt: any.
Result<std::optional<Version>> condition_of(const Arguments& arguments) {
    if (!arguments.has("--if-absent")) return arguments.number("--if-version");
    if (arguments.has("--if-version")) {
        return Error(ErrorCode::invalid_argument, "--if-version and --if-absent exclude each other");
    }
    return std::optional<Version>(0);
}

// 0: the primary alone has it.
void print_version(const Context& context, std::string_view done, Version version) {
    if (version == 0 && context.json) {
        print_json(context, {{"ack", "primary"}});
    } else if (version == 0) {
        context.console.out << fmt::format("{}, on the primary\n", done);
    } else if (context.json) {
        print_json(context, {{"version", version}});
    } else {
        context.console.out << fmt::format("{}, version {}\n", done, version);
    }
}

ExitCode report_missing(const Context& context, std::string_view key) {
    context.console.say(fmt::format("kvctl {}: there is no key {}", context.arguments.command->name, named(key)));
    return ExitCode::not_found;
}

}  // namespace

ExitCode run_put(Context& context) {
    const auto options = write_options(context.arguments);
    if (!options) return report(context, options.error());
    const auto condition = condition_of(context.arguments);
    if (!condition) return report(context, condition.error());
    const auto key = key_of(context, context.arguments.words[0]);
    if (!key) return report(context, key.error());
    const auto value = value_of(context, context.arguments.words[1]);
    if (!value) return report(context, value.error());

    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    const auto version =
        *condition ? client->compare_and_set(*key, **condition, *value) : client->put(*key, *value, *options);
    if (!version) return report(context, version.error());
    print_version(context, "stored", *version);
    return ExitCode::ok;
}

ExitCode run_get(Context& context) {
    const auto options = read_options(context.arguments);
    if (!options) return report(context, options.error());
    const auto key = key_of(context, context.arguments.words[0]);
    if (!key) return report(context, key.error());
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    const auto read = client->read(*key, *options);
    if (!read) return report(context, read.error());
    say_age(context, *options, read->age);
    if (!read->found) return report_missing(context, *key);

    const VersionedValue& entry = *read->found;
    if (context.json) {
        Json object = with_key(*key);
        add_bytes(object, "value", entry.value);
        object["version"] = entry.version;
        if (options->read == ReadConsistency::stale) object["age_ms"] = read->age.count();
        print_json(context, object);
    } else {
        // What the next line of a shell prints begins a line.
        const bool ends_line = context.console.out_is_terminal || context.session != nullptr;
        context.console.out << entry.value << (ends_line ? "\n" : "");
    }
    return ExitCode::ok;
}

ExitCode run_del(Context& context) {
    const auto options = write_options(context.arguments);
    if (!options) return report(context, options.error());
    const auto key = key_of(context, context.arguments.words[0]);
    if (!key) return report(context, key.error());
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());

    if (const auto expected = context.arguments.number("--if-version")) {
        const auto version = client->compare_and_erase(*key, *expected);
        if (!version) return report(context, version.error());
        print_version(context, "removed", *version);
        return ExitCode::ok;
    }
    const auto version = client->erase(*key, *options);
    if (!version) return report(context, version.error());
    if (!*version) return report_missing(context, *key);
    print_version(context, "removed", **version);
    return ExitCode::ok;
}

}  // namespace ringkv::kvctl
