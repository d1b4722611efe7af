// What is wrong with a cluster, as its map and its nodes tell it, with the evidence and what to do. Pure.
#pragma once

#include <ringkv/admin.hpp>
#include <ringkv/client.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace ringkv::kvctl {

enum class Severity : unsigned char {
    note,      // nothing is wrong, but an operator may want to know
    warning,   // all is served, with less safety or room than was asked for
    critical,  // something is not served, or will not be by itself
};
std::string_view to_string(Severity severity);

struct Finding {
    Severity severity;
    std::string_view code;  // short and stable, for scripts: "node-down"
    std::string what;
    std::string evidence;  // may be empty
    std::string next;      // what to do; may be empty
};

// What was asked of the registry and of the nodes.
struct Examined {
    const ClusterStatus& status;
    const RepairStatus& repair;
    Settings settings{};
    const Holdings* holdings = nullptr;    // what the nodes said of themselves; none: they could not be asked
    const Condition* condition = nullptr;  // what the registry knows of them; none: it could not tell
};

// -> the most severe first.
std::vector<Finding> diagnose(const Examined& examined);

}  // namespace ringkv::kvctl
