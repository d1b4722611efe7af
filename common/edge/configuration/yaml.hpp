// Strict YAML for configuration files: a small tree in which everything knows its line.
//
// Stricter than YAML itself: duplicate keys, anchors, aliases, tags, keys that are not plain text,
// several documents, an empty document, control characters, more than 8 levels or 1 MiB are errors.
// (yaml-cpp takes duplicate keys without a word, and an empty file as null.)
//
// Errors are configuration, "PLACE: what is wrong". Nothing throws. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringkv/result.hpp"

namespace ringkv::yaml {

struct Entry;

struct Node {
    enum class Kind : unsigned char { null, scalar, sequence, mapping };

    Kind kind = Kind::null;
    std::string place;           // "FILE:LINE", or what was said on the command line
    std::string text;            // scalar: as written, without quotes
    std::vector<Node> items;     // sequence
    std::vector<Entry> entries;  // mapping, in the order of the file; keys are distinct
};

struct Entry {
    std::string key;
    std::string place;
    Node value;
};

// "FILE" in places is `name`.
[[nodiscard]] Result<Node> parse(std::string_view text, const std::string& name);
// Reads the file, which may be a pipe.
[[nodiscard]] Result<Node> load(const std::string& path);

// Applies one `dotted.key=value` to a mapping: replaces the value, or adds it. A value that begins with
// '[' or '{' is YAML; any other is taken as it stands. The place of what it sets is "--set key=value".
[[nodiscard]] Result<void> set(Node& root, const std::string& assignment);

}  // namespace ringkv::yaml
