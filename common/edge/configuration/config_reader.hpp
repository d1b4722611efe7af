// Reads a YAML tree into plain variables, by a table of the keys that are known. What the table does
// not name is an error, and so is a value of the wrong kind or out of range. Nothing throws.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/edge/configuration/config_values.hpp"
#include "common/edge/configuration/yaml.hpp"

namespace ringkv::config {

// Stores a value that is not null, or says what is wrong with it (without place and key).
using Read = std::function<Result<void>(const yaml::Node&)>;

struct Field {
    std::string key;
    Read read;
    bool required = false;
    std::vector<Field> fields;  // instead of `read`: a mapping with keys of its own
};

[[nodiscard]] inline Field required(std::string key, Read read) {
    return {std::move(key), std::move(read), true, {}};
}
[[nodiscard]] inline Field defaulted(std::string key, Read read) {
    return {std::move(key), std::move(read), false, {}};
}
[[nodiscard]] inline Field section(std::string key, std::vector<Field> fields) {
    return {std::move(key), {}, false, std::move(fields)};
}

// Where each key was set, by its dotted name, for rules between keys.
class Places {
  public:
    explicit Places(std::string file) : file_(std::move(file)) {}

    void note(const std::string& key, const std::string& place) { places_[key] = place; }
    [[nodiscard]] bool has(const std::string& key) const { return places_.contains(key); }
    // "PLACE: key: what", of a key that may have been left out.
    [[nodiscard]] Error wrong(const std::string& key, const std::string& what) const;
    // The place of the key, or of the nearest mapping around it; the file if there is none.
    [[nodiscard]] std::string of(std::string key) const;

  private:
    std::string file_;
    std::map<std::string, std::string> places_;
};

// Reads the file, applies the overrides, and fills in the fields. The order of errors is that of the
// file. The fields that the file leaves out stay as they are.
[[nodiscard]] Result<Places> read(const std::string& path, const std::vector<std::string>& overrides,
                                  const std::vector<Field>& fields);

// Readers. Each refers to the variable that it fills, which must outlive it.
[[nodiscard]] Read text(std::string& value);
[[nodiscard]] Read name(std::string& value);
[[nodiscard]] Read endpoint(std::string& value);
[[nodiscard]] Read endpoints(std::vector<std::string>& values);  // one, or a list of at least one
[[nodiscard]] Read host_port(std::optional<std::string>& value);
[[nodiscard]] Read duration(Duration& value, Duration least);
[[nodiscard]] Read size(std::uint64_t& value, std::uint64_t least, std::uint64_t largest);
[[nodiscard]] Read integer(std::uint32_t& value, std::uint32_t least, std::uint32_t largest);
[[nodiscard]] Read positive_number(double& value);
[[nodiscard]] Read boolean(bool& value);

namespace detail {
// The text of a single value.
Result<std::string> scalar(const yaml::Node& node);
Error not_one_of(const std::string& text, const std::vector<std::string>& words);
}  // namespace detail

template <class T>
using Words = std::vector<std::pair<std::string, T>>;

// One of a few words; `words` must outlive the reader, too.
template <class T>
[[nodiscard]] Read choice(T& value, const Words<T>& words) {
    return [&value, &words](const yaml::Node& node) -> Result<void> {
        const Result<std::string> text = detail::scalar(node);
        if (!text) return text.error();
        std::vector<std::string> known;
        for (const auto& [word, meaning] : words) {
            known.push_back(word);
            if (word != *text) continue;
            value = meaning;
            return {};
        }
        return detail::not_one_of(*text, known);
    };
}

}  // namespace ringkv::config
