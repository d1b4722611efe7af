#include "kvctl/commands/debug.hpp"

#include <fmt/format.h>

#include "kvctl/text.hpp"
#include "ringkv/log_file.hpp"

namespace ringkv::kvctl {
namespace {

void add(Json& object, const std::string& name, const LoggedValue& value);

Json to_json(const LoggedValue::Fields& fields) {
    Json object = Json::object();
    for (const auto& [name, value] : fields) add(object, name, value);
    return object;
}

// Of what may stand in a list: nothing there is bytes.
Json to_json(const LoggedValue& value) {
    return std::visit(
        [](const auto& it) -> Json {
            using T = std::decay_t<decltype(it)>;
            if constexpr (std::is_same_v<T, LoggedValue::Nothing>) {
                return nullptr;
            } else if constexpr (std::is_same_v<T, LoggedValue::Word>) {
                return it.text;
            } else if constexpr (std::is_same_v<T, LoggedValue::Bytes>) {
                return escape(it);
            } else if constexpr (std::is_same_v<T, LoggedValue::List>) {
                Json list = Json::array();
                for (const LoggedValue& item : it) list.push_back(to_json(item));
                return list;
            } else if constexpr (std::is_same_v<T, LoggedValue::Fields>) {
                return to_json(it);
            } else {
                return it;
            }
        },
        value.value);
}

void add(Json& object, const std::string& name, const LoggedValue& value) {
    if (const auto* bytes = std::get_if<LoggedValue::Bytes>(&value.value))
        add_bytes(object, name, *bytes);
    else
        object[name] = to_json(value);
}

std::string to_text(const LoggedValue::Fields& fields);

std::string to_text(const LoggedValue& value) {
    if (const auto* bytes = std::get_if<LoggedValue::Bytes>(&value.value))
        return "'" + shorten(escape(*bytes), 200) + "'";
    if (const auto* fields = std::get_if<LoggedValue::Fields>(&value.value)) return "{" + to_text(*fields) + "}";
    if (const auto* list = std::get_if<LoggedValue::List>(&value.value)) {
        std::string text;
        for (const LoggedValue& item : *list) text += (text.empty() ? "" : " ") + to_text(item);
        return "[" + text + "]";
    }
    if (const auto* word = std::get_if<LoggedValue::Word>(&value.value)) return word->text;
    return to_json(value).dump();
}

std::string to_text(const LoggedValue::Fields& fields) {
    std::string text;
    for (const auto& [name, value] : fields) text += (text.empty() ? "" : " ") + name + "=" + to_text(value);
    return text;
}

void print(const Context& context, const LoggedRecord& record) {
    if (!context.json) {
        context.console.out << fmt::format("{} {} {} {}\n", record.offset, record.frame, record.type,
                                           to_text(record.fields));
        return;
    }
    Json line = {{"offset", record.offset}, {"frame", record.frame}, {"type", record.type}};
    line["record"] = to_json(record.fields);
    print_json(context, line);
}

void tell(const Console& console, const LogFileSummary& log) {
    console.say(fmt::format("segment {} of log {}", log.segment, log.log));
    console.say(fmt::format("node {}, shard {} of {}{}", log.storage, log.shard, log.shards,
                            log.cluster.empty() ? "" : ", cluster " + log.cluster));
    console.say(fmt::format("{}, {}, from frame {} on; they end at {} of {}", counted(log.frames, "frame"),
                            counted(log.records, "record"), log.first_frame, log.end,
                            readable_size(double(log.bytes))));
    if (log.torn)
        console.say(
            fmt::format("what follows at offset {} is no whole frame: a write that a crash tore, if this is the "
                        "newest segment of a node that was not stopped; else it is damaged",
                        log.end));
    if (log.damage) console.say("damaged: " + *log.damage);
}

}  // namespace

ExitCode run_debug(Context& context) {
    const std::vector<std::string>& words = context.arguments.words;
    if (words[0] != "log")
        return report(context,
                      Error(ErrorCode::invalid_argument, "unknown word " + named(words[0]) + "; there is log"));
    const auto read = read_log_file(words[1], [&](const LoggedRecord& record) { print(context, record); });
    if (!read) return report(context, read.error(), "kvctl debug log FILE with a segment-... of a node's data_dir");
    context.console.out.flush();
    tell(context.console, *read);
    return read->damage ? ExitCode::failed : ExitCode::ok;
}

}  // namespace ringkv::kvctl
