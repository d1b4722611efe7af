#include "tests/scenarios/runner/story.hpp"

#include <algorithm>
#include <charconv>

namespace ringkv::scenarios {

namespace {

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// The byte that stands after a backslash at `at`; moves past it.
char escaped(std::string_view line, std::size_t& at) {
    const char c = line[at++];
    if (c == 'n') return '\n';
    if (c == 't') return '\t';
    if (c != 'x' || at + 2 > line.size()) return c;
    unsigned byte = 0;
    std::from_chars(line.data() + at, line.data() + at + 2, byte, 16);
    at += 2;
    return static_cast<char>(byte);
}

}  // namespace

Result<Story> Story::parse(std::string_view text) {
    const std::vector<std::string> lines = lines_of(text);
    Story story;
    std::string heading;
    for (std::size_t i = 0; i < lines.size();) {
        if (lines[i].empty() || lines[i].front() == '#') {
            heading += lines[i++] + "\n";
            continue;
        }
        Block block{i + 1, std::move(heading), {}, {}};
        heading.clear();
        while (i < lines.size() && lines[i] != "----") {
            if (lines[i].empty()) {
                return Error(ErrorCode::malformed, "line " + std::to_string(i + 1) + ": a block without ----");
            }
            block.commands.push_back(lines[i++]);
        }
        if (i == lines.size()) return Error(ErrorCode::malformed, "the last block has no ----");
        for (++i; i < lines.size() && !lines[i].empty(); ++i) block.expected += lines[i] + "\n";
        story.blocks.push_back(std::move(block));
    }
    story.ending = std::move(heading);
    return story;
}

std::string Story::with_outputs(const std::vector<std::string>& outputs) const {
    std::string text;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        text += blocks[i].heading;
        for (const std::string& command : blocks[i].commands) text += command + "\n";
        text += "----\n" + outputs[i];
    }
    return text + ending;
}

std::string diff(std::string_view expected, std::string_view actual) {
    const std::vector<std::string> a = lines_of(expected);
    const std::vector<std::string> b = lines_of(actual);
    // Longest common subsequences of the tails; the texts are short.
    std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = a.size(); i-- > 0;) {
        for (std::size_t j = b.size(); j-- > 0;) {
            common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
        }
    }
    std::string text;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() || j < b.size()) {
        if (i < a.size() && j < b.size() && a[i] == b[j]) {
            text += "  " + a[i++] + "\n";
            ++j;
        } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
            text += "- " + a[i++] + "\n";
        } else {
            text += "+ " + b[j++] + "\n";
        }
    }
    return text;
}

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool open = false;    // a word has begun
    bool quoted = false;  // inside "..."
    for (std::size_t at = 0; at < line.size();) {
        const char c = line[at++];
        if (c == '\\' && at < line.size()) {
            word += escaped(line, at);
            open = true;
        } else if (c == '"') {
            quoted = !quoted;
            open = true;
        } else if (c == ' ' && !quoted) {
            if (open) words.push_back(std::move(word));
            word.clear();
            open = false;
        } else {
            word += c;
            open = true;
        }
    }
    if (open) words.push_back(std::move(word));
    return words;
}

}  // namespace ringkv::scenarios
