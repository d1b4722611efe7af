// What docs/json.md says that kvctl -o json prints, and whether it is so. Its first paragraphs explain the notation.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace ringkv::kvctl {

class JsonShapes {
  public:
    enum class Form : unsigned char { none, object, lines, array };

    // Throws std::runtime_error where the text does not keep to the notation.
    explicit JsonShapes(std::string_view document);
    // docs/json.md itself.
    static JsonShapes of_the_documents();

    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] bool has(const std::string& name) const { return sections_.contains(name); }
    [[nodiscard]] Form form(const std::string& name) const { return sections_.at(name).form; }
    // What follows a section's command line.
    [[nodiscard]] const std::string& example(const std::string& name) const { return sections_.at(name).example; }

    // What is wrong with this output of a command; empty: nothing. Notes which fields were there.
    std::vector<std::string> faults(const std::string& name, const std::string& output);
    // The same of lines, each of which is an element of the section's array.
    std::vector<std::string> faults_of_elements(const std::string& name, const std::string& output);
    // The fields of the section that were in no output since this was made: as documented, with " (null)" where null
    // was not.
    [[nodiscard]] std::vector<std::string> never_seen(const std::string& name) const;

  private:
    struct Field {
        std::set<std::string> types;  // empty: what its parts say
        bool optional = false;
        std::string instead_of;
        std::map<std::string, Field> parts;  // of an object by name, "*": any; of an array "[]"
        bool seen = false;
        bool seen_null = false;
    };
    struct Section {
        Form form = Form::none;
        Field root;
        std::string example;
    };

    static void add_row(Field& root, std::string_view row);
    static void check(Field& field, const nlohmann::json& value, const std::string& path,
                      std::vector<std::string>& faults);
    static void check_object(Field& field, const nlohmann::json& value, const std::string& path,
                             std::vector<std::string>& faults);
    static void add_unseen(const Field& field, const std::string& path, std::vector<std::string>& unseen);
    static std::vector<std::string> faults_of_lines(Field& field, const std::string& output);

    std::map<std::string, Section> sections_;
};

}  // namespace ringkv::kvctl
