#include "common/edge/configuration/config_reader.hpp"

#include <algorithm>

namespace ringkv::config {
namespace {

Error at(const std::string& place, const std::string& what) {
    return {ErrorCode::configuration, place + ": " + what};
}
Error wrong(std::string what) {
    return {ErrorCode::configuration, std::move(what)};
}

std::string listed(const std::vector<std::string>& words) {
    std::string list;
    for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
    return list;
}

// `prefix` is that of the level's dotted keys: "" or "lease.".
Error unknown_key(const yaml::Entry& entry, const std::string& prefix, const std::vector<Field>& fields) {
    std::vector<std::string> known;
    known.reserve(fields.size());
    for (const Field& field : fields) known.push_back(field.key);
    std::string what = "unknown key '" + prefix + entry.key + "'; ";
    const std::string meant = nearest(entry.key, known);
    what += meant.empty() ? "known are: " + listed(known) : "did you mean '" + prefix + meant + "'?";
    return at(entry.place, what);
}

Result<void> read_mapping(const yaml::Node& node, const std::string& prefix, const std::vector<Field>& fields,
                          Places& places);

Result<void> read_entry(const yaml::Entry& entry, const std::string& prefix, const Field& field, Places& places) {
    const std::string key = prefix + entry.key;
    places.note(key, entry.value.place);
    if (entry.value.kind == yaml::Node::Kind::null) return places.wrong(key, "the value is missing");
    if (!field.fields.empty()) return read_mapping(entry.value, key + ".", field.fields, places);
    if (const Result<void> done = field.read(entry.value); !done) return places.wrong(key, done.error().message());
    return {};
}

Result<void> read_mapping(const yaml::Node& node, const std::string& prefix, const std::vector<Field>& fields,
                          Places& places) {
    if (node.kind != yaml::Node::Kind::mapping) {
        const std::string subject = prefix.empty() ? "the file" : "'" + prefix.substr(0, prefix.size() - 1) + "'";
        return at(node.place, subject + " must be a mapping (key: value)");
    }
    for (const yaml::Entry& entry : node.entries) {
        const auto field =
            std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.key == entry.key; });
        if (field == fields.end()) return unknown_key(entry, prefix, fields);
        if (Result<void> done = read_entry(entry, prefix, *field, places); !done) return done;
    }
    for (const Field& field : fields)
        if (field.required && !places.has(prefix + field.key))
            return at(node.place, "the key '" + prefix + field.key + "' is missing");
    return {};
}

// A reader of single values that `parse` turns into what is stored, and `check` may refuse.
template <class T, class Parse>
Read scalar_reader(T& value, Parse parse) {
    return [&value, parse](const yaml::Node& node) -> Result<void> {
        const Result<std::string> text = detail::scalar(node);
        if (!text) return text.error();
        auto parsed = parse(*text);
        if (!parsed) return parsed.error();
        value = std::move(*parsed);
        return {};
    };
}

// The text itself, where `check` (a function that returns some Result) has nothing against it.
template <class Check>
auto checked_text(Check check) {
    return [check](const std::string& text) -> Result<std::string> {
        if (const auto checked = check(text); !checked) return checked.error();
        return text;
    };
}

}  // namespace

std::string Places::of(std::string key) const {
    while (true) {
        if (const auto found = places_.find(key); found != places_.end()) return found->second;
        const std::size_t dot = key.rfind('.');
        if (dot == std::string::npos) return file_;
        key.resize(dot);
    }
}

Error Places::wrong(const std::string& key, const std::string& what) const {
    return at(of(key), key + ": " + what);
}

Result<Places> read(const std::string& path, const std::vector<std::string>& overrides,
                    const std::vector<Field>& fields) {
    Result<yaml::Node> root = yaml::load(path);
    if (!root) return root.error();
    if (root->kind == yaml::Node::Kind::mapping)  // else read_mapping says so
        for (const std::string& assignment : overrides)
            if (const Result<void> done = yaml::set(*root, assignment); !done) return done.error();
    Places places(path);
    if (const Result<void> done = read_mapping(*root, "", fields, places); !done) return done.error();
    return places;
}

Read text(std::string& value) {
    return scalar_reader(value, [](const std::string& text) -> Result<std::string> {
        if (text.empty()) return wrong("must not be empty");
        return text;
    });
}

Read name(std::string& value) {
    return scalar_reader(value, checked_text(check_name));
}

Read endpoint(std::string& value) {
    return scalar_reader(value, checked_text(parse_endpoint));
}

Read endpoints(std::vector<std::string>& values) {
    return [&values](const yaml::Node& node) -> Result<void> {
        const bool list = node.kind == yaml::Node::Kind::sequence;
        if (list && node.items.empty()) return wrong("the list is empty");
        std::vector<std::string> read;
        for (const yaml::Node& item : list ? node.items : std::vector<yaml::Node>{node})
            if (Result<void> done = endpoint(read.emplace_back())(item); !done) return done;
        values = std::move(read);
        return {};
    };
}

Read host_port(std::optional<std::string>& value) {
    return scalar_reader(value, checked_text(parse_host_port));
}

Read duration(Duration& value, Duration least) {
    return scalar_reader(value, [least](const std::string& text) -> Result<Duration> {
        Result<Duration> parsed = parse_duration(text);
        if (parsed && *parsed < least)
            return wrong("'" + text + "' is less than " +
                         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(least).count()) + "ms");
        return parsed;
    });
}

Read size(std::uint64_t& value, std::uint64_t least, std::uint64_t largest) {
    return scalar_reader(value, [=](const std::string& text) -> Result<std::uint64_t> {
        Result<std::uint64_t> parsed = parse_size(text);
        if (parsed && (*parsed < least || *parsed > largest))
            return wrong("'" + text + "' is not between " + std::to_string(least) + " and " + std::to_string(largest) +
                         " bytes");
        return parsed;
    });
}

Read integer(std::uint32_t& value, std::uint32_t least, std::uint32_t largest) {
    return scalar_reader(value, [=](const std::string& text) -> Result<std::uint32_t> {
        const Result<std::uint64_t> parsed = parse_integer(text);
        if (!parsed) return parsed.error();
        if (*parsed < least || *parsed > largest)
            return wrong(text + " is not between " + std::to_string(least) + " and " + std::to_string(largest));
        return static_cast<std::uint32_t>(*parsed);
    });
}

Read positive_number(double& value) {
    return scalar_reader(value, [](const std::string& text) -> Result<double> {
        Result<double> parsed = parse_number(text);
        if (parsed && *parsed <= 0) return wrong(text + " is not greater than 0");
        return parsed;
    });
}

Read boolean(bool& value) {
    return scalar_reader(value, parse_boolean);
}

Result<std::string> detail::scalar(const yaml::Node& node) {
    if (node.kind == yaml::Node::Kind::scalar) return node.text;
    if (node.kind == yaml::Node::Kind::null) return wrong("the value is missing");
    return wrong("must be a single value, not a " +
                 std::string(node.kind == yaml::Node::Kind::sequence ? "list" : "mapping"));
}

Error detail::not_one_of(const std::string& text, const std::vector<std::string>& words) {
    const std::string meant = nearest(text, words);
    return wrong("'" + text + "' is not one of " + listed(words) +
                 (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
}

}  // namespace ringkv::config
