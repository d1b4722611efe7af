#include "kvctl/commands/local.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "kvctl/text.hpp"
#include "ringkv/local_cluster.hpp"

namespace ringkv::kvctl {
namespace {

constexpr std::size_t longest_line = std::size_t{2} << 20U;  // any key and any value
constexpr std::string_view blanks = " \t\r";

// What stands before a comment: a '#' at the beginning, or after a blank.
std::string_view without_comment(std::string_view line) {
    for (std::size_t at = 0; at < line.size(); ++at)
        if (line[at] == '#' && (at == 0 || blanks.find(line[at - 1]) != std::string_view::npos))
            return line.substr(0, at);
    return line;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Takes the first word off.
std::string take_word(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    std::string word(text.substr(0, end));
    text = trimmed(text.substr(end));
    return word;
}

struct Line {
    std::string verb;
    std::string first;
    std::string rest;  // one word, but for put
};

struct Verb {
    std::string_view name;
    std::string_view words;
    bool may_have_rest = false;
    bool must_have_rest = false;
    bool rest_is_one_word = false;
};

constexpr std::array<Verb, 6> verbs = {{{"add_node", "ID [RACK]", true, false, true},
                                        {"remove_node", "ID"},
                                        {"put", "KEY VALUE", true, true, false},
                                        {"get", "KEY"},
                                        {"delete", "KEY"},
                                        {"owner", "KEY"}}};

Error unknown_verb(const std::string& word) {
    std::vector<std::string_view> names;
    names.reserve(verbs.size());
    for (const Verb& verb : verbs) names.push_back(verb.name);
    const auto nearest = kvctl::nearest(word, names);
    return {ErrorCode::invalid_argument,
            nearest ? fmt::format("unknown command {}; did you mean '{}'?", kvctl::named(word), *nearest)
                    : fmt::format("unknown command {}; there are {}", kvctl::named(word), fmt::join(names, ", "))};
}

Result<Line> parse(std::string_view text) {
    Line line{take_word(text), {}, {}};
    const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& it) { return it.name == line.verb; });
    if (verb == verbs.end()) return unknown_verb(line.verb);
    line.first = take_word(text);
    line.rest = std::string(text);
    const bool too_few = line.first.empty() || (verb->must_have_rest && line.rest.empty());
    const bool too_many = (!verb->may_have_rest && !line.rest.empty()) ||
                          (verb->rest_is_one_word && line.rest.find_first_of(blanks) != std::string::npos);
    if (!too_few && !too_many) return line;
    return Error(ErrorCode::invalid_argument,
                 fmt::format("too {} words; it is: {} {}", too_few ? "few" : "many", verb->name, verb->words));
}

class Script {
  public:
    Script(const Context& context, Input& input)
        : context_(context), lines_(input, longest_line), cluster_(options()) {}

    ExitCode run() {
        std::string line;
        for (;;) {
            const auto got = lines_.next(line, std::chrono::milliseconds(100));
            if (!got) {
                fail(got.error());
                break;
            }
            if (*got == LineReader::Got::end) break;
            if (*got == LineReader::Got::too_long)
                fail(Error(ErrorCode::invalid_argument, fmt::format("longer than {} bytes", longest_line)));
            if (*got == LineReader::Got::line) take(line);
        }
        return worst_;
    }

  private:
    LocalCluster::Options options() {
        LocalCluster::Options options;
        options.deadline = context_.timeout;
        options.on_moves = [this](const MoveSummary& moved) { say(moved.to_string()); };
        return options;
    }

    void take(const std::string& text) {
        const std::string_view command = trimmed(without_comment(text));
        if (command.empty()) return;
        const auto line = parse(command);
        if (!line) return fail(line.error());
        if (line->verb == "add_node")
            check(line->rest.empty() ? cluster_.add_node(line->first) : cluster_.add_node(line->first, line->rest));
        if (line->verb == "remove_node") check(cluster_.remove_node(line->first));
        if (line->verb == "put") check(cluster_.put(line->first, line->rest));
        if (line->verb == "get") get(line->first);
        if (line->verb == "delete") check(cluster_.erase(line->first));
        if (line->verb == "owner") owner(line->first);
        if (line->verb.ends_with("_node")) moved();
    }

    void get(const std::string& key) {
        const auto found = cluster_.get(key);
        check(found);
        if (found) answer(*found ? (*found)->value : "None");
    }

    // The node that will serve it when all is where it should be, so that the same script has the same answers.
    void owner(const std::string& key) {
        if (!std::exchange(primaries_settled_, true)) (void)cluster_.settle();
        const auto owner = cluster_.owner(key);
        check(owner);
        if (owner) answer(*owner);
    }

    // So that what moves because of a line is told before the next one. A lost partition is told by
    // the commands that read it.
    void moved() {
        (void)cluster_.settle(Settled::copies);
        primaries_settled_ = false;
    }

    void answer(std::string_view text) { context_.console.out << text << '\n' << std::flush; }

    template <class T>
    void check(const Result<T>& result) {
        if (!result) fail(result.error());
    }

    void fail(const Error& error) {
        worst_ = kvctl::worse(worst_, kvctl::exit_code(error));
        say(fmt::format("kvctl local: line {}: {}", lines_.number(), error.message()));
    }

    // From the cluster's thread as well.
    void say(std::string_view text) {
        const std::lock_guard lock(talking_);
        context_.console.say(text);
    }

    const Context& context_;
    LineReader lines_;
    std::mutex talking_;
    bool primaries_settled_ = true;
    ExitCode worst_ = ExitCode::ok;
    LocalCluster cluster_;  // last: it ends first, and talks until then
};

}  // namespace

ExitCode run_local(Context& context) {
    const std::vector<std::string>& words = context.arguments.words;
    if (words.empty() || words.front() == "-") return Script(context, context.console.in).run();
    auto file = kvctl::open_file(words.front());
    if (!file) return kvctl::report(context, file.error());
    return Script(context, **file).run();
}

}  // namespace ringkv::kvctl
