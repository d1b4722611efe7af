#include "kvctl/command_table.hpp"

#include <limits>

#include "kvctl/commands/commands.hpp"
#include "kvctl/consistency.hpp"

namespace ringkv::kvctl {
namespace {

constexpr OptionSpec key_base64{"--key-base64", OptionKind::flag, "", "KEY is base64, for keys with any bytes"};
// These live in rooms that only main sees.
ExitCode run_elsewhere(Context& context, ExitCode (*command)(Context& context), std::string_view name) {
    if (command != nullptr) return command(context);
    return report(context, Error(ErrorCode::configuration,
                                 "this kvctl was built without the command '" + std::string(name) + "'"));
}
ExitCode run_local(Context& context) {
    return run_elsewhere(context, context.program.local, "local");
}
ExitCode run_demo(Context& context) {
    return run_elsewhere(context, context.program.demo, "demo");
}
ExitCode run_debug(Context& context) {
    return run_elsewhere(context, context.program.debug, "debug");
}

constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

std::vector<CommandSpec> data_commands() {
    return {
        {.name = "put",
         .words = "KEY VALUE | KEY - | KEY @FILE",
         .summary = "store a value",
         .least_words = 2,
         .most_words = 2,
         .options = {{"--if-version", OptionKind::number, "N", "only if the key has this version (0: is absent)"},
                     {"--if-absent", OptionKind::flag, "", "only if there is no such key"},
                     ack_option,
                     key_base64},
         .details = "VALUE '-' reads the value from standard input, '@FILE' from a file, byte for byte. A value that\n"
                    "is '-' or begins with '@' itself goes through standard input; a word that begins with '-' goes\n"
                    "after '--'.",
         .run = run_put},
        {.name = "get",
         .words = "KEY",
         .summary = "print a value",
         .least_words = 1,
         .most_words = 1,
         .options = {read_option, max_age_option, rack_option, key_base64},
         .details = "The value's own bytes on standard output; a newline is added on a terminal only. How old a stale\n"
                    "read may be is said on standard error.",
         .run = run_get},
        {.name = "del",
         .words = "KEY",
         .summary = "remove a key",
         .least_words = 1,
         .most_words = 1,
         .options = {{"--if-version", OptionKind::count, "N", "only if the key has this version"},
                     ack_option,
                     key_base64},
         .run = run_del},
        {.name = "mget",
         .words = "KEY...",
         .summary = "print the values of many keys",
         .least_words = 1,
         .most_words = any_number,
         .options = {read_option, max_age_option, rack_option},
         .details = "One line a key, in the order of the arguments. Exit code 1 if any of them is missing.",
         .run = run_mget},
        {.name = "mput",
         .summary = "store many values, read from standard input",
         .options = {ack_option},
         .details =
             "One JSON object a line: {\"key\" or \"key_base64\", \"value\" or \"value_base64\"}. If any line is\n"
             "bad nothing is stored (import takes what it can). One line of result a key, in their order; the\n"
             "exit code is that of the worst.",
         .run = run_mput},
        {.name = "scan",
         .words = "[PREFIX]",
         .summary = "print keys and values",
         .most_words = 1,
         .options = {{"--limit", OptionKind::count, "N", "at most so many"},
                     {"--keys", OptionKind::flag, "", "the keys alone"},
                     read_option,
                     max_age_option,
                     rack_option},
         .details = "Every key once, however the ring changes meanwhile; ordered within a partition, not across.\n"
                    "As a table, bytes that a terminal should not see are escaped; -o json is exact.",
         .run = run_scan},
        {.name = "import",
         .words = "FILE|-",
         .summary = "store the keys of a file",
         .least_words = 1,
         .most_words = 1,
         .details =
             "One JSON object a line, as export writes it; '-' reads a pipe as it comes. A line that is bad, or\n"
             "that could not be stored, is named on standard error and the others go on. Exit code: 7 if any\n"
             "line was bad; otherwise that of the worst line that was not stored (5: some may have been).\n"
             "Lines of the same key are stored in their order.",
         .run = run_import},
        {.name = "export",
         .words = "[PREFIX]",
         .summary = "write all keys to standard output",
         .most_words = 1,
         .details = "One JSON object a line, which import reads back to the same bytes.",
         .run = run_export},
    };
}

std::vector<CommandSpec> cluster_commands() {
    return {
        {.name = "status",
         .summary = "show how the cluster is",
         .options = {{"--memory", OptionKind::flag, "", "and what each node's memory is taken by"}},
         .run = run_status},
        {.name = "check",
         .summary = "find what is wrong, and say what to do",
         .details = "What is not served, copies that lack, racks, nodes that are down or silent, room for the next\n"
                    "failure, durability, memory: each with its evidence and the next step. Exit code: 7 if there is\n"
                    "a warning or worse; notes alone are well.",
         .run = run_check},
        {.name = "events",
         .summary = "tell what happened to the cluster, and because of what",
         .options = {{"--after", OptionKind::number, "ID", "those after this one, instead of the newest 100"},
                     {"--limit", OptionKind::count, "N", "at most so many"},
                     {"--follow", OptionKind::flag, "", "and go on telling what happens, until Ctrl-C"},
                     {"--kind", OptionKind::list, "KIND", "of this kind alone: node_down; may be repeated"},
                     {"--node", OptionKind::text, "NAME", "about this node alone"}},
         .details =
             "Nodes that came, went and were suspected, views that changed and why, partitions that were short of\n"
             "copies, data that moved, settings that changed. docs/events.md explains each kind. What follows from\n"
             "an event stands further to the right. The registry keeps the newest 10000; times are UTC. -o json: an\n"
             "array; with --follow an object a line.",
         .run = run_events},
        {.name = "top",
         .summary = "show what the nodes do now, and what is asked for most",
         .options = {{"--interval", OptionKind::duration, "TIME", "how often, and of what time the rates are (1s)"},
                     {"--once", OptionKind::flag, "", "once, not again and again"}},
         .details =
             "Requests a second of each node and of all, how long their answers took (to a factor of two or so),\n"
             "bytes of keys and values read and written; the partitions and keys that are asked for most, estimated\n"
             "from every 64th request of the last ten seconds or so. Nodes need no http: for it. Without a terminal\n"
             "a table is shown once; -o json is an object a line, until Ctrl-C unless --once.",
         .run = run_top},
        {.name = "nodes", .summary = "list the nodes", .run = run_nodes},
        {.name = "ring",
         .summary = "show which nodes hold which partitions",
         .options = {{"--key", OptionKind::text, "K", "of this key's partition alone"}},
         .details =
             "On a terminal the ring is drawn: outside the nodes, rack beside rack, with arcs as long as they have\n"
             "copies; inside the partitions in their order: '.' with all copies, 'u' with fewer, 'x' not served.",
         .run = run_ring},
        {.name = "locate",
         .words = "KEY",
         .summary = "show where a key lives",
         .least_words = 1,
         .most_words = 1,
         .options = {key_base64},
         .run = run_locate},
        {.name = "bench",
         .words = "get|put|mixed|ycsb-a|...|ycsb-f",
         .summary = "measure rate and latency",
         .least_words = 1,
         .most_words = 1,
         .options = {{"--clients", OptionKind::count, "C", "how many at once (8)"},
                     {"--depth", OptionKind::count, "D", "operations that each has outstanding (16)"},
                     {"--connections", OptionKind::count, "N", "client objects that share these (1)"},
                     {"--value-size", OptionKind::size, "B", "bytes of a value (100)"},
                     {"--keys", OptionKind::count, "K", "different keys (10000)"},
                     {"--distribution", OptionKind::text, "NAME", "uniform, zipfian or latest, instead of its own"},
                     {"--warm-up", OptionKind::duration, "TIME", "of load before it is measured (none)"},
                     ack_option,
                     read_option,
                     max_age_option,
                     rack_option,
                     {"--seconds", OptionKind::count, "S", "how long (10)"}},
         .details =
             "C times D operations are outstanding all the time. All but put first write the K keys, which begin\n"
             "with 'bench:' and stay there afterwards. mixed is half gets, half puts. YCSB's core workloads:\n"
             "  ycsb-a  half gets, half puts              ycsb-d  95 % gets, 5 % inserts; the latest are read most\n"
             "  ycsb-b  95 % gets, 5 % puts               ycsb-e  95 % scans of up to 100 keys, 5 % inserts\n"
             "  ycsb-c  gets                              ycsb-f  half gets, half read-modify-writes\n"
             "Keys are drawn uniformly for get, put and mixed, by YCSB's scrambled zipfian (0.99) for ycsb-a, b, c, e\n"
             "and f. A scan asks every partition, for neighbouring keys lie anywhere. A read-modify-write is a get\n"
             "and a compare-and-set, repeated while others are faster. YCSB's own records are --value-size 1000.\n"
             "What is read is checked: each value holds a checksum of itself and its key.\n"
             "Exit code: 0, or that of the worst operation; 7 after a wrong value.",
         .run = run_bench},
        {.name = "local",
         .words = "[FILE|-]",
         .summary = "run a script against a whole cluster inside this process",
         .most_words = 1,
         .details =
             "One command a line: add_node ID [RACK], remove_node ID, put KEY VALUE, get KEY, delete KEY, owner KEY.\n"
             "A value goes to the end of the line; '#' begins a comment. get answers the value, or None; owner the\n"
             "node that serves the key. What moves between nodes, and lines that failed, are told on standard\n"
             "error; the exit code is that of the worst line. Up to 3 copies of each key; nothing is kept.",
         .run = run_local},
        {.name = "shell",
         .summary = "run commands, typed one a line or read from a script",
         .details =
             "On a terminal: the prompt names the cluster; Tab completes, arrow up brings earlier lines back, also of\n"
             "earlier runs (below $XDG_STATE_HOME or ~/.local/state; not those that begin with a blank); Ctrl-C\n"
             "drops the line, or interrupts what it does; exit, quit or Ctrl-D ends it. Exit codes other than 0 are\n"
             "said. Without a terminal: every line, whatever becomes of the others; the exit code is that of the\n"
             "worst. '..', \"..\" and \\ quote as in other shells; '#' begins a comment; nothing is expanded. What is\n"
             "given to shell (--registry, --timeout, -o) holds for each line that does not say it itself. All lines\n"
             "share one connection. get ends its value with a newline; what reads standard input is refused.",
         .run = run_shell},
        {.name = "demo",
         .words = "[nodes|kill|pause|resume NAME]",
         .summary = "run a whole cluster in this process, on real ports, and let its nodes fail",
         .most_words = 2,
         .options = {{"--nodes", OptionKind::count, "N", "1 to 10 (5)"},
                     {"--racks", OptionKind::count, "R", "that they are in, in turn (3)"},
                     {"--port", OptionKind::count, "BASE", "of the registry; the others follow from it (7400)"},
                     {"--seconds", OptionKind::count, "S", "end by itself, so long after it is ready"},
                     {"--verbose", OptionKind::flag, "", "all log lines of the servers, not warnings alone"}},
         .details =
             "Without words: one registry and N nodes, ready in about two seconds, until Ctrl-C, SIGTERM or SIGHUP.\n"
             "On 127.0.0.1 alone: the registry at BASE, its page at BASE+80, nodes at BASE+11, BASE+21, ..., their\n"
             "metrics at BASE+111, BASE+121, ... 128 partitions; the copies of a node that is away for 10 s are made\n"
             "elsewhere. Data goes to a private directory in TMPDIR, which is removed at the end. -o json: one line\n"
             "when it is ready.\n"
             "With words, from another terminal (and the same --port): nodes lists them; kill ends one as SIGKILL\n"
             "does, with nothing handed over and nothing more written; pause stops one as SIGSTOP does; resume lets\n"
             "it go on, or starts it again with the data that it had (durability os: its log is written, not synced).\n"
             "You may kill more than the cluster can bear: the answer says what is not served then.\n"
             "One process is not many: heap, processor time and ZeroMQ's I/O thread are shared, /metrics of each\n"
             "shows the memory of all, and an end of the process is the end of all. For processes of their own, and\n"
             "for figures: configs/, or scripts/demo.",
         .run = run_demo},
        {.name = "completion",
         .words = "bash|zsh|fish",
         .summary = "print a script by which the shell completes kvctl",
         .least_words = 1,
         .most_words = 1,
         .details = "bash: source <(kvctl completion bash)    fish: kvctl completion fish | source",
         .run = run_completion},
        {.name = "debug",
         .words = "log FILE",
         .summary = "print what a segment of a node's log holds",
         .least_words = 2,
         .most_words = 2,
         .details =
             "One line a record: the offset of its frame in the file, the number of the frame, the record; then\n"
             "what the segment is, on standard error, and where it is damaged. FILE is a segment-... in a shard's\n"
             "folder of a node's data_dir; the node may run. Exit code 7 if the file is damaged.",
         .run = run_debug},
        {.name = "version", .summary = "print the version and that of the protocol", .run = run_version},
    };
}

std::vector<CommandSpec> operator_commands() {
    return {
        {.name = "node",
         .words = "drain|undrain|remove NAME",
         .summary = "empty a node, fill it again, or take it out",
         .least_words = 2,
         .most_words = 2,
         .options = {{"--yes", OptionKind::flag, "", "do not ask; required without a terminal"},
                     {"--detach", OptionKind::flag, "", "do not wait until it is done"}},
         .details =
             "First says what would move, against the least possible. drain: its copies move to others, then it\n"
             "may be stopped; it stays in the cluster, empty. undrain: it holds partitions again. remove: the\n"
             "same as drain, and it is forgotten once it is empty and down; of a node that is down, the copies\n"
             "are made from the others. No request fails meanwhile. The work goes on by itself, whatever\n"
             "happens to this command; the same command again watches it. Exit code: 6 if the copies would\n"
             "have nowhere to go.",
         .run = run_node},
        {.name = "plan",
         .summary = "show what would move, or be at risk; change nothing",
         .options = {{"--add", OptionKind::list, "NAME:RACK[:WEIGHT]", "if this node joined"},
                     {"--remove", OptionKind::list, "NAME", "if this node were drained"},
                     {"--lose", OptionKind::list, "NAME | rack=RACK", "if this node, or this rack, failed for good"}},
         .details = "Options may be repeated and mixed: all of it happens at once. With none: what is planned already\n"
                    "and not done. Exit code: 6 if the registry would refuse it.",
         .run = run_plan},
        {.name = "repair",
         .words = "status|resume",
         .summary = "show whether lost copies are made again; have it done",
         .least_words = 1,
         .most_words = 1,
         .details = "A node that is down for longer than repair_after is evicted, and its copies are made elsewhere,\n"
                    "until it is back. While more than half of the nodes are down nothing is copied: resume says that\n"
                    "they will not be back soon.",
         .run = run_repair},
        {.name = "partition",
         .words = "reset ID...|all",
         .summary = "begin partitions anew, empty, that have lost all their members",
         .least_words = 2,
         .most_words = any_number,
         .options = {{"--accept-data-loss", OptionKind::flag, "", "what was in them is lost; required"}},
         .details =
             "A partition waits for a member of its newest view, which alone has all that was acknowledged. If none\n"
             "will ever be back, this is the only way on. all: those of which no member can ever come back. By\n"
             "number also those whose members have been down for longer than repair_after, or are removed: stop\n"
             "these nodes for good first, one that comes back is emptied. Exit code: 6 if a member of one that is\n"
             "named is up, or was not down for so long; nothing is done then.",
         .run = run_partition},
        {.name = "snapshot",
         .words = "save|verify|restore DIR",
         .summary = "save all keys, check what was saved, fill an empty cluster from it",
         .least_words = 2,
         .most_words = 2,
         .options = {{"--file-size", OptionKind::size, "B", "save: begin another file then (256MiB)"},
                     {"--overwrite", OptionKind::flag, "", "restore: the cluster may have keys"}},
         .details =
             "save: into a directory that is empty or not there, while reads and writes go on: each key as it was\n"
             "at some instant of the command, and checksums of all. Keys that come or go meanwhile may be in it\n"
             "or not. verify: reads all of it; needs no cluster. restore: verifies it, then stores each key, with\n"
             "a new version, into a cluster of any size. Exit code: 7 if the snapshot is damaged or unfinished,\n"
             "6 if the cluster has keys.",
         .run = run_snapshot},
        {.name = "settings",
         .words = "get [NAME] | set NAME VALUE",
         .summary = "show or change settings of the running cluster",
         .least_words = 1,
         .most_words = 3,
         .details = "repair_after                     how long a node may be down before it is evicted (30s)\n"
                    "rebalance.max_bytes_per_second   how fast a node receives copies (64MiB)\n"
                    "rebalance.max_moves_per_node     how many copies it takes part in at once (4)\n"
                    "rebalance.max_moves_per_second   how many it begins with, where none is missing (10)\n"
                    "A change outlives a restart of the registry, until registry.yaml says something new.",
         .run = run_settings},
    };
}

}  // namespace

const std::vector<CommandSpec>& command_table() {
    static const std::vector<CommandSpec> table = [] {
        std::vector<CommandSpec> all = data_commands();
        for (CommandSpec& command : cluster_commands()) all.push_back(std::move(command));
        for (CommandSpec& command : operator_commands()) all.push_back(std::move(command));
        for (const char* later : {"config"}) {
            all.push_back({.name = later});
        }
        return all;
    }();
    return table;
}

}  // namespace ringkv::kvctl
