// The words of one command, taken one after the other; what is wrong with them ends the command.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/time.hpp"

namespace ringkv::scenarios {

// The story is wrong; not the system.
class BadCommand : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// How long something may take. Either end may be missing, not both.
struct Bound {
    std::optional<Duration> least;
    std::optional<Duration> most;
    std::string words;  // as the story has it: "200ms..1s", "..10ms", "700ms.."

    [[nodiscard]] bool contains(Duration duration) const {
        return (!least || duration >= *least) && (!most || duration <= *most);
    }
};

class Arguments {
  public:
    explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {}

    [[nodiscard]] bool empty() const { return words_.empty(); }
    // The next word, of which people say `what`.
    std::string next(const std::string& what);
    // Takes the next word only if it is this one.
    bool take(const std::string& word);
    // Takes "name=value", wherever it stands.
    std::optional<std::string> option(const std::string& name);
    // Takes "name value", wherever it stands.
    std::optional<std::string> after(const std::string& name);
    // Takes "took=BOUND", wherever it stands.
    std::optional<Bound> bound();
    // Everything that is left.
    std::vector<std::string> rest() { return std::exchange(words_, {}); }
    // Nothing may be left.
    void end() const;

    std::uint64_t option(const std::string& name, std::uint64_t otherwise);
    Duration option(const std::string& name, Duration otherwise);

  private:
    std::vector<std::string> words_;
};

[[nodiscard]] std::uint64_t number_of(const std::string& word);
// "5ms", "2s"
[[nodiscard]] Duration duration_of(const std::string& word);
// "200ms..1s", "..10ms", "700ms.."
[[nodiscard]] Bound bound_of(const std::string& word);
// "12 ms", "0.4 ms"
[[nodiscard]] std::string text_of(Duration duration);

}  // namespace ringkv::scenarios
