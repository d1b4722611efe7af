// Any text as strict YAML, and what it becomes written out again.
#include "common/edge/configuration/yaml.hpp"

#include <algorithm>
#include <string>

#include "tests/fuzz/target.hpp"

namespace ringkv::fuzz {
namespace {

using Kind = yaml::Node::Kind;

constexpr const char* name = "file.yaml";
// yaml-cpp takes no longer `key: value` than this on one line, as YAML has it.
constexpr std::size_t longest_key = 1024;

std::string quoted(const std::string& text) {
    constexpr const char* digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || c == '"' || c == '\\') {
            out += "\\x";
            out += digits[byte >> 4U];
            out += digits[byte & 15U];
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string written(const yaml::Node& node) {
    std::string out;
    switch (node.kind) {
        case Kind::null: return "~";
        case Kind::scalar: return quoted(node.text);
        case Kind::sequence:
            for (const yaml::Node& item : node.items) out += written(item) + ", ";
            return "[" + out + "]";
        case Kind::mapping:
            for (const yaml::Entry& entry : node.entries) out += quoted(entry.key) + ": " + written(entry.value) + ", ";
            return "{" + out + "}";
    }
    RINGKV_CHECK(false, "a node of no kind");
}

bool same(const yaml::Node& left, const yaml::Node& right) {
    const auto same_entry = [](const yaml::Entry& a, const yaml::Entry& b) {
        return a.key == b.key && same(a.value, b.value);
    };
    return left.kind == right.kind && left.text == right.text &&
           std::equal(left.items.begin(), left.items.end(), right.items.begin(), right.items.end(), same) &&
           std::equal(left.entries.begin(), left.entries.end(), right.entries.begin(), right.entries.end(), same_entry);
}

// What the header promises of a tree. Returns whether every key is short enough to be written on a line.
bool check_tree(const yaml::Node& node, std::size_t depth) {
    RINGKV_CHECK(depth <= 8, "more than 8 levels");
    RINGKV_CHECK(node.place.starts_with(name), "a value without its place");
    RINGKV_CHECK(node.kind == Kind::scalar || node.text.empty(), "text beside a scalar");
    RINGKV_CHECK(node.kind == Kind::sequence || node.items.empty(), "items beside a sequence");
    RINGKV_CHECK(node.kind == Kind::mapping || node.entries.empty(), "entries beside a mapping");
    bool short_keys = true;
    for (const yaml::Node& item : node.items) short_keys = check_tree(item, depth + 1) && short_keys;
    for (auto entry = node.entries.begin(); entry != node.entries.end(); ++entry) {
        for (auto before = node.entries.begin(); before != entry; ++before)
            RINGKV_CHECK(before->key != entry->key, "the same key twice");
        RINGKV_CHECK(entry->place.starts_with(name), "a key without its place");
        short_keys = check_tree(entry->value, depth + 1) && quoted(entry->key).size() < longest_key && short_keys;
    }
    return short_keys;
}

}  // namespace

void take(std::string_view input) {
    const auto tree = yaml::parse(input, name);
    if (!tree) {
        check_refusal(tree.error(), {ErrorCode::configuration});
        RINGKV_CHECK(tree.error().message().starts_with(name), "an error without its place");
        return;
    }
    if (!check_tree(*tree, 0)) return;
    const auto again = yaml::parse(written(*tree), name);
    RINGKV_CHECK(again, "what was read cannot be written and read again");
    RINGKV_CHECK(same(*again, *tree), "written and read again, it is another tree");
}

}  // namespace ringkv::fuzz
