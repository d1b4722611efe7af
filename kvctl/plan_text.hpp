// How a Plan is shown.
#pragma once

#include <ringkv/admin.hpp>

#include <string>
#include <vector>

#include "kvctl/console.hpp"
#include "kvctl/ndjson.hpp"

namespace ringkv::kvctl {

// {"moves", "bytes", "least_moves", "refused", "reason", ...}
Json plan_json(const Plan& plan);

// "341 copies, 1.2 GiB; the least possible is 341"
std::string moves_text(const Plan& plan);

// What people should know beside: warnings, nodes that did not say what they have. One line each, safe to print.
std::vector<std::string> notes(const Plan& plan);

// To console.out: what each node has now and would have.
void print_node_plans(const Console& console, const Plan& plan);

}  // namespace ringkv::kvctl
