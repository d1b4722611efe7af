// What a command asks for of its reads and writes: --ack, --read, --max-age.
#pragma once

#include "kvctl/context.hpp"

namespace ringkv::kvctl {

// Options of those names, for the commands that have them; and --rack, which connect() reads.
inline constexpr OptionSpec ack_option{
    "--ack", OptionKind::text, "all|primary",
    "when it counts as written: on all members; or on the primary alone, and may be lost"};
inline constexpr OptionSpec read_option{"--read", OptionKind::text, "linearizable|stale",
                                        "the newest; or what any replica has, and how old it may be"};
inline constexpr OptionSpec max_age_option{"--max-age", OptionKind::duration, "TIME",
                                           "of a stale read; else other replicas are asked"};
inline constexpr OptionSpec rack_option{"--rack", OptionKind::text, "NAME", "stale reads go to replicas there first"};

// Without those options: all, linearizable. Errors: invalid_argument.
[[nodiscard]] Result<WriteOptions> write_options(const Arguments& arguments);
[[nodiscard]] Result<ReadOptions> read_options(const Arguments& arguments);

// Says on standard error how old at most a stale read is; of no other read.
void say_age(const Context& context, const ReadOptions& options, std::chrono::milliseconds age);

}  // namespace ringkv::kvctl
