#include "common/edge/configuration/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

namespace ringkv::yaml {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20U;
constexpr std::size_t max_depth = 8;

Error wrong(const std::string& place, const std::string& what) {
    return {ErrorCode::configuration, place + ": " + what};
}

// Where YAML came from. What is said on the command line has no lines.
struct Source {
    std::string name;
    bool lines = true;

    [[nodiscard]] std::string at(std::size_t line) const { return lines ? name + ":" + std::to_string(line) : name; }
    [[nodiscard]] std::string at(const YAML::Mark& mark) const {
        return mark.is_null() ? name : at(static_cast<std::size_t>(mark.line) + 1);
    }
};

// Builds the tree from the parser's events. Keeps the first error, and ignores what follows it.
class TreeBuilder final : public YAML::EventHandler {
  public:
    explicit TreeBuilder(const Source& source) : source_(source) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (accept(mark, "?", anchor)) add(make(Node::Kind::null, mark));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { fail(mark, "aliases (*name) are not allowed"); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        if (!accept(mark, tag, anchor)) return;
        Node node = make(Node::Kind::scalar, mark);
        node.text = value;
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        if (accept(mark, tag, anchor)) open(make(Node::Kind::sequence, mark), mark);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        if (accept(mark, tag, anchor)) open(make(Node::Kind::mapping, mark), mark);
    }
    void OnMapEnd() override { close(); }

    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    [[nodiscard]] Node take() { return std::move(root_); }

  private:
    // A container that is being filled; of a mapping also the key that waits for its value.
    struct Level {
        Node node;
        std::optional<Entry> pending;
    };

    void fail(const YAML::Mark& mark, const std::string& what) {
        if (!error_) error_ = wrong(source_.at(mark), what);
    }
    bool accept(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor) fail(mark, "anchors (&name) are not allowed");
        if (!tag.empty() && tag != "?" && tag != "!") fail(mark, "tags (!name) are not allowed");
        return !error_;
    }
    [[nodiscard]] Node make(Node::Kind kind, const YAML::Mark& mark) const {
        Node node;
        node.kind = kind;
        node.place = source_.at(mark);
        return node;
    }
    [[nodiscard]] bool key_expected() const {
        return !levels_.empty() && levels_.back().node.kind == Node::Kind::mapping && !levels_.back().pending;
    }
    void open(Node node, const YAML::Mark& mark) {
        if (key_expected()) return fail(mark, "a key must be plain text");
        if (levels_.size() >= max_depth) return fail(mark, "nested too deeply");
        levels_.push_back({std::move(node), std::nullopt});
    }
    void close() {
        if (error_) return;
        Node node = std::move(levels_.back().node);
        levels_.pop_back();
        add(std::move(node));
    }
    void add(Node node) {
        if (levels_.empty()) {
            root_ = std::move(node);
        } else if (key_expected()) {
            add_key(node);
        } else if (Level& level = levels_.back(); level.pending) {
            // The parser's place of a missing value is that of the next token, on another line.
            if (node.kind == Node::Kind::null) node.place = level.pending->place;
            level.pending->value = std::move(node);
            level.node.entries.push_back(std::move(*level.pending));
            level.pending.reset();
        } else {
            level.node.items.push_back(std::move(node));
        }
    }
    void add_key(const Node& key) {
        if (key.kind != Node::Kind::scalar) {
            error_ = wrong(key.place, "a key must be plain text");
            return;
        }
        Level& level = levels_.back();
        for (const Entry& entry : level.node.entries) {
            if (entry.key != key.text) continue;
            error_ = wrong(key.place, "duplicate key '" + key.text + "'; it is already set at " + entry.place);
            return;
        }
        level.pending = Entry{key.text, key.place, {}};
    }

    const Source& source_;
    Node root_;
    std::vector<Level> levels_;
    std::optional<Error> error_;
};

// yaml-cpp takes some control characters as the end of the file: what follows would be lost without a word.
std::optional<Error> refuse_control_characters(std::string_view text, const Source& source) {
    std::size_t line = 1;
    for (const char c : text) {
        if (c == '\n') ++line;
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F)
            return wrong(source.at(line), "a control character: not a text file");
    }
    return std::nullopt;
}

Result<Node> parse_from(std::string_view text, const Source& source) {
    if (const auto error = refuse_control_characters(text, source)) return *error;
    TreeBuilder builder(source);
    try {
        // Without the end marker, yaml-cpp takes a quote that is never closed as closed by the end of the file.
        std::istringstream stream{std::string(text) + "\n...\n"};
        YAML::Parser parser(stream);
        const bool any = parser.HandleNextDocument(builder);
        if (builder.error()) return *builder.error();
        Node root = builder.take();
        if (!any || root.kind == Node::Kind::null) return wrong(source.name, "is empty");
        TreeBuilder second(source);
        if (parser.HandleNextDocument(second)) return wrong(source.name, "has more than one document (---)");
        return root;
    } catch (const YAML::Exception& error) {
        // What is not closed is noticed at the end marker: name the last line of the file instead.
        YAML::Mark mark = error.mark;
        mark.line = std::min(
            mark.line, static_cast<int>(std::count(text.begin(), text.end(), '\n')) - (text.ends_with('\n') ? 1 : 0));
        const bool open_quote = error.msg == YAML::ErrorMsg::DOC_IN_SCALAR;
        return wrong(source.at(mark), open_quote ? "a quote is not closed" : "not valid YAML: " + error.msg);
    }
}

Result<Node> parse_assigned(const std::string& text, const std::string& place) {
    const Source source{place, false};
    if (text.starts_with('[') || text.starts_with('{')) return parse_from(text, source);
    if (const auto error = refuse_control_characters(text, source)) return *error;
    Node node;
    node.kind = text.empty() ? Node::Kind::null : Node::Kind::scalar;
    node.place = place;
    node.text = text;
    return node;
}

}  // namespace

Result<Node> parse(std::string_view text, const std::string& name) {
    return parse_from(text, {name});
}

Result<Node> load(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text;
    std::array<char, 16384> block;
    while (file && text.size() <= max_file_bytes) {
        file.read(block.data(), block.size());
        text.append(block.data(), static_cast<std::size_t>(file.gcount()));
    }
    // A short read at the end of the file is the normal case; a directory opens, but fails to read.
    if (!file.eof() && file.fail())
        return wrong(path, std::string("cannot be read: ") + (errno != 0 ? std::strerror(errno) : "unknown reason"));
    if (text.size() > max_file_bytes) return wrong(path, "is larger than 1 MiB");
    return parse(text, path);
}

Result<void> set(Node& root, const std::string& assignment) {
    const std::string place = "--set " + assignment;
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) return wrong(place, "must be key=value");
    Result<Node> value = parse_assigned(assignment.substr(equals + 1), place);
    if (!value) return value.error();

    const std::string path = assignment.substr(0, equals);
    Node* node = &root;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('.', begin), path.size());
        const std::string key = path.substr(begin, end - begin);
        if (key.empty()) return wrong(place, "'" + path + "' is not a dotted key");
        if (node->kind == Node::Kind::null) node->kind = Node::Kind::mapping;
        if (node->kind != Node::Kind::mapping)
            return wrong(place, "'" + path.substr(0, begin - 1) + "' has no keys of its own");
        auto found = std::find_if(node->entries.begin(), node->entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
        if (found == node->entries.end()) {
            node->entries.push_back({key, place, {}});
            found = std::prev(node->entries.end());
            found->value.place = place;
        }
        node = &found->value;
        begin = end + 1;
    }
    *node = std::move(*value);
    return {};
}

}  // namespace ringkv::yaml
