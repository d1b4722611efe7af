// mget, mput: many keys, each for itself, in parallel.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kvctl/commands/commands.hpp"
#include "kvctl/consistency.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

constexpr std::size_t longest_line = std::size_t{32} << 20U;
constexpr std::size_t keys_at_once = 1000;

using Entries = std::vector<std::pair<std::string, std::string>>;

// All lines, or the exit code after the bad ones were named.
ExitCode read_entries(const Context& context, Entries& entries) {
    LineReader lines(context.console.in, longest_line);
    std::string line;
    std::size_t bad = 0;
    const auto name_bad = [&](std::string_view why) {
        context.console.say(fmt::format("kvctl mput: line {}: {}", lines.number(), why));
        ++bad;
    };
    for (;;) {
        const auto got = lines.next(line, std::chrono::seconds(1));
        if (!got) return report(context, got.error());
        if (*got == LineReader::Got::end) break;
        if (*got == LineReader::Got::nothing_yet) continue;
        if (*got == LineReader::Got::too_long) {
            name_bad("too long");
        } else if (line.find_first_not_of(" \t\r") != std::string::npos) {
            auto record = parse_record(line);
            if (!record) {
                name_bad(record.error().message());
            } else {
                entries.emplace_back(std::move(record->key), std::move(record->value));
            }
        }
    }
    if (bad == 0) return ExitCode::ok;
    return report(context, Error(ErrorCode::invalid_argument, fmt::format("{} bad lines; nothing was stored", bad)),
                  "kvctl import -, which stores the good lines and names the bad ones");
}

void print_put(const Context& context, const std::string& key, const Result<Version>& version) {
    if (context.json) {
        Json object = with_key(key);
        if (version && *version == 0) {
            object["ack"] = "primary";
        } else if (version) {
            object["version"] = *version;
        } else {
            add_error(object, version.error());
        }
        print_json(context, object);
    } else if (version && *version == 0) {
        context.console.out << fmt::format("{}\ton the primary\n", escape(key));
    } else if (version) {
        context.console.out << fmt::format("{}\tversion {}\n", escape(key), *version);
    } else {
        context.console.out << fmt::format("{}\t{}\n", escape(key),
                                           context.console.paint_out(Colour::red, to_string(version.error().code())));
    }
}

void print_got(const Context& context, const std::string& key, const Result<StaleValue>& read, bool stale) {
    const Console& console = context.console;
    if (context.json) {
        Json object = with_key(key);
        if (!read) {
            add_error(object, read.error());
        } else if (!read->found) {
            object["found"] = false;
        } else {
            add_bytes(object, "value", read->found->value);
            object["version"] = read->found->version;
            object["found"] = true;
        }
        if (read && stale) object["age_ms"] = read->age.count();
        print_json(context, object);
        return;
    }
    console.out << escape(key) << '\t';
    if (!read) {
        console.out << console.paint_out(Colour::red, to_string(read.error().code()));
    } else if (!read->found) {
        console.out << console.paint_out(Colour::dim, "(not found)");
    } else {
        console.out << escape(read->found->value);
    }
    console.out << '\n';
}

}  // namespace

ExitCode run_mget(Context& context) {
    const auto options = read_options(context.arguments);
    if (!options) return report(context, options.error());
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    const std::vector<std::string>& keys = context.arguments.words;
    const auto results = client->read_many(keys, *options);
    std::chrono::milliseconds age{0};
    ExitCode code = ExitCode::ok;
    std::size_t missing = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        print_got(context, keys[i], results[i], options->read == ReadConsistency::stale);
        if (results[i]) age = std::max(age, results[i]->age);
        if (!results[i]) {
            context.console.say(fmt::format("kvctl mget: {}: {}", named(keys[i]), results[i].error().message()));
            code = worse(code, exit_code(results[i].error()));
        } else if (!results[i]->found) {
            ++missing;
            code = worse(code, ExitCode::not_found);
        }
    }
    say_age(context, *options, age);
    if (missing > 0) context.console.say(fmt::format("kvctl mget: {} of {} keys not found", missing, keys.size()));
    return code;
}

ExitCode run_mput(Context& context) {
    const auto options = write_options(context.arguments);
    if (!options) return report(context, options.error());
    Entries entries;
    if (const ExitCode code = read_entries(context, entries); code != ExitCode::ok) return code;
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());

    ExitCode code = ExitCode::ok;
    for (std::size_t at = 0; at < entries.size();) {
        const std::size_t count = std::min(keys_at_once, entries.size() - at);
        const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(at);
        const Entries part(begin, begin + static_cast<std::ptrdiff_t>(count));
        const auto results = client->put_many(part, *options);
        for (std::size_t i = 0; i < part.size(); ++i) {
            print_put(context, part[i].first, results[i]);
            if (results[i]) continue;
            context.console.say(fmt::format("kvctl mput: {}: {}", named(part[i].first), results[i].error().message()));
            code = worse(code, exit_code(results[i].error()));
        }
        at += count;
    }
    return code;
}

}  // namespace ringkv::kvctl
