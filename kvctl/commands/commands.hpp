// What the commands do; how they are called is in command_table.cpp.
#pragma once

#include "kvctl/context.hpp"

namespace ringkv::kvctl {

ExitCode run_put(Context& context);
ExitCode run_get(Context& context);
ExitCode run_del(Context& context);
ExitCode run_mget(Context& context);
ExitCode run_mput(Context& context);
ExitCode run_scan(Context& context);
ExitCode run_export(Context& context);
ExitCode run_import(Context& context);
ExitCode run_status(Context& context);
ExitCode run_check(Context& context);
ExitCode run_nodes(Context& context);
ExitCode run_ring(Context& context);
ExitCode run_locate(Context& context);
ExitCode run_node(Context& context);
ExitCode run_plan(Context& context);
ExitCode run_repair(Context& context);
ExitCode run_partition(Context& context);
ExitCode run_settings(Context& context);
ExitCode run_snapshot(Context& context);
ExitCode run_events(Context& context);
ExitCode run_top(Context& context);
ExitCode run_bench(Context& context);
ExitCode run_shell(Context& context);
ExitCode run_completion(Context& context);
ExitCode run_version(Context& context);

}  // namespace ringkv::kvctl
