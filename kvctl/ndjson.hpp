// Keys and values as JSON: one object a line, {"key" or "key_base64", "value" or "value_base64"}. What is
// written here is read back to the same bytes.
#pragma once

#include <ringkv/result.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace ringkv::kvctl {

// Fields keep the order in which they were added.
using Json = nlohmann::ordered_json;

struct Record {
    std::string key;
    std::string value;
};

// Adds `name`, or `name`_base64 if the bytes are not UTF-8.
void add_bytes(Json& object, std::string_view name, std::string_view bytes);

// On one line, or with so many blanks a level on several. What is no UTF-8 in a string (a path, a cluster's name)
// becomes U+FFFD.
std::string json_text(const Json& value, int indent = -1);

// {"key": ...}, to which a command adds the rest.
Json with_key(std::string_view key);

// One line of import or mput. Other fields are ignored (the lines of `scan -o json` can be imported). The error
// (invalid_argument) says what is wrong with the line.
Result<Record> parse_record(std::string_view line);

}  // namespace ringkv::kvctl
