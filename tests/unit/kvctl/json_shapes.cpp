#include "tests/unit/kvctl/json_shapes.hpp"

#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace ringkv::kvctl {
namespace {

using nlohmann::json;

const std::string elements = "[]";
const std::string any_name = "*";

// "nodes[].name" -> nodes, [], name; "\"a.b\"" -> a.b
std::vector<std::string> parts_of(const std::string& path) {
    if (path.size() > 2 && path.front() == '"' && path.back() == '"') return {path.substr(1, path.size() - 2)};
    std::vector<std::string> parts;
    std::istringstream names(path);
    for (std::string name; std::getline(names, name, '.');) {
        std::size_t arrays = 0;
        while (name.ends_with(elements)) {
            name.resize(name.size() - elements.size());
            ++arrays;
        }
        if (!name.empty()) parts.push_back(name);
        parts.insert(parts.end(), arrays, elements);
    }
    return parts;
}

JsonShapes::Form form_of(const std::string& line) {
    const auto says = [&](std::string_view text) { return line.find(text) != std::string::npos; };
    if (line.starts_with("No JSON")) return JsonShapes::Form::none;
    // After what it is about, such as "Of `drain`: one object".
    if (says("n object a line") && !says("ne array")) return JsonShapes::Form::lines;
    if (says("ne array")) return JsonShapes::Form::array;
    if (says("ne object")) return JsonShapes::Form::object;
    throw std::runtime_error("this says not what is printed: " + line);
}

bool is_of_type(const json& value, const std::string& type) {
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_unsigned();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "null") return value.is_null();
    throw std::runtime_error("there is no type " + type);
}

}  // namespace

JsonShapes::JsonShapes(std::string_view document) {
    std::istringstream lines{std::string(document)};
    Section* section = nullptr;
    bool form_comes = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("## ")) {
            section = &sections_[line.substr(3)];
            form_comes = true;
        } else if (section == nullptr || line.empty()) {
            continue;
        } else if (form_comes) {
            section->form = form_of(line);
            form_comes = false;
        } else if (line.starts_with("| `")) {
            add_row(section->root, line);
        } else if (line.starts_with("    ") && !line.starts_with("    $ ")) {
            section->example += line + "\n";
        }
    }
}

JsonShapes JsonShapes::of_the_documents() {
    const std::string path = std::string(RINGKV_SOURCE_DIR) + "/docs/json.md";
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    if (text.str().empty()) throw std::runtime_error(path + " cannot be read");
    return JsonShapes(text.str());
}

void JsonShapes::add_row(Field& root, std::string_view row) {
    static const std::regex form(R"(\| `([^`]+)` \| ([a-z]+)( or null)?(, optional|, instead of `(\w+)`)? \| .*\|)");
    const std::string text(row);
    std::smatch match;
    if (!std::regex_match(text, match, form)) throw std::runtime_error("no row of a table: " + text);
    Field* field = &root;
    for (const std::string& part : parts_of(match[1])) field = &field->parts[part];
    field->types.insert(match[2]);
    if (match[3].matched) field->types.insert("null");
    field->optional = match[4].str() == ", optional";
    field->instead_of = match[5];
    for (const std::string& type : field->types) (void)is_of_type({}, type);  // there is such a type
}

std::vector<std::string> JsonShapes::names() const {
    std::vector<std::string> names;
    for (const auto& [name, section] : sections_) names.push_back(name);
    return names;
}

std::vector<std::string> JsonShapes::faults(const std::string& name, const std::string& output) {
    Section& section = sections_.at(name);
    if (section.form == Form::none) return {"it prints no JSON"};
    if (section.form == Form::lines) return faults_of_lines(section.root, output);
    const json value = json::parse(output, nullptr, false);
    if (value.is_discarded()) return {"it is no JSON value: " + output};
    std::vector<std::string> faults;
    check(section.root, value, "", faults);
    return faults;
}

std::vector<std::string> JsonShapes::faults_of_elements(const std::string& name, const std::string& output) {
    return faults_of_lines(sections_.at(name).root.parts.at(elements), output);
}

std::vector<std::string> JsonShapes::faults_of_lines(Field& field, const std::string& output) {
    std::vector<std::string> faults;
    std::istringstream lines(output);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        const json value = json::parse(line, nullptr, false);
        if (value.is_discarded())
            faults.push_back("it is no line of JSON: " + line);
        else
            check(field, value, "", faults);
    }
    if (count == 0) faults.emplace_back("nothing is printed");
    return faults;
}

void JsonShapes::check(Field& field, const json& value, const std::string& path, std::vector<std::string>& faults) {
    field.seen = field.seen || !value.is_null();
    field.seen_null = field.seen_null || value.is_null();
    if (const auto element = field.parts.find(elements); element != field.parts.end()) {
        if (!value.is_array()) return faults.push_back(path + " is no array: " + value.dump());
        for (const json& each : value) check(element->second, each, path + elements, faults);
        return;
    }
    if (!field.parts.empty()) return check_object(field, value, path, faults);
    for (const std::string& type : field.types)
        if (is_of_type(value, type)) return;
    faults.push_back(path + " is of another type: " + value.dump());
}

void JsonShapes::check_object(Field& field, const json& value, const std::string& path,
                              std::vector<std::string>& faults) {
    if (!value.is_object()) return faults.push_back(path + " is no object: " + value.dump());
    const std::string before = path.empty() ? "" : path + ".";
    for (const auto& [name, each] : value.items()) {
        auto part = field.parts.find(name);
        if (part == field.parts.end()) part = field.parts.find(any_name);
        if (part == field.parts.end())
            faults.push_back(before + name + " is printed and not documented");
        else
            check(part->second, each, before + name, faults);
    }
    for (const auto& [name, part] : field.parts) {
        if (name == any_name || !part.instead_of.empty()) continue;
        std::size_t there = value.count(name);
        for (const auto& [other, alternative] : field.parts)
            if (alternative.instead_of == name) there += value.count(other);
        if (there == 0 && !part.optional) faults.push_back(before + name + " is documented and not printed");
        if (there > 1) faults.push_back(before + name + " is printed, and what is instead of it as well");
    }
}

std::vector<std::string> JsonShapes::never_seen(const std::string& name) const {
    std::vector<std::string> unseen;
    add_unseen(sections_.at(name).root, "", unseen);
    return unseen;
}

void JsonShapes::add_unseen(const Field& field, const std::string& path, std::vector<std::string>& unseen) {
    if (field.parts.empty() && !field.seen) unseen.push_back(path);
    if (field.types.contains("null") && !field.seen_null) unseen.push_back(path + " (null)");
    for (const auto& [name, part] : field.parts) {
        std::string whole = path;
        if (!path.empty() && name != elements) whole += '.';
        whole += name;
        add_unseen(part, whole, unseen);
    }
}

}  // namespace ringkv::kvctl
