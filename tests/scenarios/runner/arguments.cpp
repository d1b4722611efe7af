#include "tests/scenarios/runner/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ringkv::scenarios {

std::string Arguments::next(const std::string& what) {
    if (words_.empty()) throw BadCommand("expected " + what);
    std::string word = std::move(words_.front());
    words_.erase(words_.begin());
    return word;
}

bool Arguments::take(const std::string& word) {
    if (words_.empty() || words_.front() != word) return false;
    words_.erase(words_.begin());
    return true;
}

std::optional<std::string> Arguments::option(const std::string& name) {
    const std::string prefix = name + "=";
    const auto found =
        std::find_if(words_.begin(), words_.end(), [&](const auto& word) { return word.starts_with(prefix); });
    if (found == words_.end()) return std::nullopt;
    std::string value = found->substr(prefix.size());
    words_.erase(found);
    return value;
}

std::optional<std::string> Arguments::after(const std::string& name) {
    const auto found = std::find(words_.begin(), words_.end(), name);
    if (found == words_.end()) return std::nullopt;
    if (found + 1 == words_.end()) throw BadCommand("expected something after " + name);
    std::string value = *(found + 1);
    words_.erase(found, found + 2);
    return value;
}

std::optional<Bound> Arguments::bound() {
    const auto word = option("took");
    if (!word) return std::nullopt;
    return bound_of(*word);
}

void Arguments::end() const {
    if (!words_.empty()) throw BadCommand("what is '" + words_.front() + "'?");
}

std::uint64_t Arguments::option(const std::string& name, std::uint64_t otherwise) {
    const auto word = option(name);
    return word ? number_of(*word) : otherwise;
}

Duration Arguments::option(const std::string& name, Duration otherwise) {
    const auto word = option(name);
    return word ? duration_of(*word) : otherwise;
}

std::uint64_t number_of(const std::string& word) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size()) throw BadCommand("'" + word + "' is not a number");
    return number;
}

Duration duration_of(const std::string& word) {
    const std::size_t unit = word.find_first_not_of("0123456789");
    const std::uint64_t number = number_of(word.substr(0, unit));
    const std::string name = unit == std::string::npos ? "" : word.substr(unit);
    if (name == "ms") return std::chrono::milliseconds(number);
    if (name == "s") return std::chrono::seconds(number);
    if (name == "min") return std::chrono::minutes(number);
    throw BadCommand("'" + word + "' is not a duration: 5ms, 2s, 1min");
}

Bound bound_of(const std::string& word) {
    const std::size_t dots = word.find("..");
    if (dots == std::string::npos || word.size() == 2)
        throw BadCommand("'" + word + "' is not a bound: 200ms..1s, ..10ms, 700ms..");
    Bound bound{.least = {}, .most = {}, .words = word};
    if (dots > 0) bound.least = duration_of(word.substr(0, dots));
    if (dots + 2 < word.size()) bound.most = duration_of(word.substr(dots + 2));
    if (bound.least && bound.most && *bound.least > *bound.most)
        throw BadCommand("'" + word + "' is a bound that nothing keeps");
    return bound;
}

std::string text_of(Duration duration) {
    return fmt::format("{:g} ms", static_cast<double>(duration.count()) / 1e6);
}

}  // namespace ringkv::scenarios
