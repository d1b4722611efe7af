#include "registry/join_rules.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace ringkv::registry {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_endpoint = 256;
constexpr std::size_t most_endpoints = 64;
constexpr double heaviest = 1000;  // tokens are weight * vnodes

bool plain(const std::string& text) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    };
    return !text.empty() && text.size() <= longest_name && std::all_of(text.begin(), text.end(), allowed);
}

bool endpoint(const std::string& text) {
    const auto visible = [](char c) { return c > ' ' && c < '\x7f'; };
    return text.starts_with("tcp://") && text.size() <= longest_endpoint &&
           std::all_of(text.begin(), text.end(), visible);
}

}  // namespace

std::optional<std::string> objection_to(const Join& join) {
    static const std::string characters = " must be 1 to 64 letters, digits, '-', '_' or '.'";
    if (!plain(join.name)) return "the node's name" + characters;
    if (!plain(join.rack)) return "the rack of " + join.name + characters;
    if (!std::isfinite(join.weight) || join.weight <= 0 || join.weight > heaviest)
        return "the weight of " + join.name + " must be above 0 and at most 1000";
    if (join.storage.none()) return join.name + " names no storage id";
    if (join.endpoints.empty() || join.endpoints.size() > most_endpoints)
        return join.name + " must name 1 to 64 endpoints, one a shard";
    if (!std::all_of(join.endpoints.begin(), join.endpoints.end(), endpoint))
        return join.name + " names an endpoint that is not of the form tcp://host:port";
    if (std::set<std::string>(join.endpoints.begin(), join.endpoints.end()).size() != join.endpoints.size())
        return join.name + " names an endpoint twice";
    return std::nullopt;
}

const std::string* shared_endpoint(const std::vector<std::string>& one, const std::vector<std::string>& other) {
    for (const std::string& endpoint : one)
        if (std::find(other.begin(), other.end(), endpoint) != other.end()) return &endpoint;
    return nullptr;
}

NodeInfo to_node(NodeId id, const Join& join) {
    NodeInfo node;
    node.id = id;
    node.name = join.name;
    node.rack = join.rack;
    node.weight = join.weight;
    node.storage = join.storage;
    node.start = join.start;
    node.endpoints = join.endpoints;
    node.durability = join.durability;
    return node;
}

}  // namespace ringkv::registry
