#include "kvctl/consistency.hpp"

#include <fmt/format.h>

#include "kvctl/text.hpp"

namespace ringkv::kvctl {

Result<WriteOptions> write_options(const Arguments& arguments) {
    const std::string ack = arguments.text("--ack").value_or("all");
    if (ack == "all") return WriteOptions{};
    if (ack != "primary")
        return Error(ErrorCode::invalid_argument, fmt::format("--ack is all or primary, not {}", named(ack)));
    if (arguments.has("--if-version") || arguments.has("--if-absent"))
        return Error(ErrorCode::invalid_argument, "a conditional write is acknowledged by all: not with --ack primary");
    return WriteOptions{WriteAck::primary};
}

Result<ReadOptions> read_options(const Arguments& arguments) {
    const std::string read = arguments.text("--read").value_or("linearizable");
    const auto max_age = arguments.text("--max-age");
    if (read != "linearizable" && read != "stale")
        return Error(ErrorCode::invalid_argument, fmt::format("--read is linearizable or stale, not {}", named(read)));
    if (read == "stale") {
        ReadOptions options{ReadConsistency::stale, {}};
        if (max_age) options.max_age = parse_duration(*max_age).value();
        if (max_age && options.max_age == std::chrono::milliseconds(0))
            return Error(ErrorCode::invalid_argument, "--max-age is above 0; without it a read may have any age");
        return options;
    }
    if (max_age || arguments.has("--rack"))
        return Error(ErrorCode::invalid_argument, "--max-age and --rack are about reads with --read stale");
    return ReadOptions{};
}

void say_age(const Context& context, const ReadOptions& options, std::chrono::milliseconds age) {
    if (options.read != ReadConsistency::stale || context.json) return;
    context.console.say(fmt::format("kvctl {}: at most {} ms old", context.arguments.command->name, age.count()));
}

}  // namespace ringkv::kvctl
