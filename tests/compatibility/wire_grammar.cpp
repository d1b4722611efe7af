// wire_grammar                  prints the grammar of messages and stored records, as the code has it
// wire_grammar --check FILE     is it what FILE says between the two marker lines? Exit code 1: no
// wire_grammar --rewrite FILE   makes FILE say it
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>

#include "common/edge/codec/codec.hpp"
#include "common/edge/codec/codec_fields.hpp"
#include "common/message_groups.hpp"

namespace ringkv::compatibility {
namespace {

constexpr std::size_t width = 120;

// The last name in what the compiler calls a type or an enumerator: "ringkv::Write" -> "Write".
std::string_view last_name(std::string_view pretty, std::string_view parameter) {
    std::string_view name = pretty.substr(pretty.find(parameter) + parameter.size());
    name = name.substr(0, name.find_first_of(";]"));
    return name.substr(name.rfind(':') + 1);
}
template <class T>
std::string_view type_name() {
    return last_name(__PRETTY_FUNCTION__, "T = ");
}
template <auto Value>
std::string_view enumerator_name() {
    return last_name(__PRETTY_FUNCTION__, "Value = ");
}

template <class T>
struct Element;
template <class T>
struct Element<std::vector<T>> {
    using type = T;
};
template <class T>
struct Element<std::optional<T>> {
    using type = T;
};
template <class Tag, class Rep>
struct Element<StrongId<Tag, Rep>> {
    using type = Tag;
    using rep = Rep;
};
template <class T, template <class...> class Template>
constexpr bool is_a = false;
template <template <class...> class Template, class... Arguments>
constexpr bool is_a<Template<Arguments...>, Template> = true;
template <class T>
constexpr bool is_id = requires {
    typename Element<T>::rep;
};

class Grammar {
  public:
    Grammar() {
        add_alternatives<AnyMessage>("message", messages_);
        add_alternatives<AnyRecord>("record", records_);
    }

    [[nodiscard]] std::string text() const {
        std::string text;
        for (const auto* part : {&messages_, &records_, &structs_, &enums_, &ids_})
            for (const std::string& line : *part) text += line;
        return text;
    }

  private:
    template <class Variant>
    void add_alternatives(const std::string& kind, std::vector<std::string>& lines) {
        [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            (lines.push_back(
                 definition<std::variant_alternative_t<Index, Variant>>(kind + " " + std::to_string(Index))),
             ...);
        }
        (std::make_index_sequence<std::variant_size_v<Variant>>{});
    }

    // "KIND NAME = field: type, field: type = default, ...", in lines that are not too long.
    template <class T>
    std::string definition(const std::string& kind) {
        const T blank{};
        std::istringstream names{std::string(T::field_names)};
        std::vector<std::string> fields;
        std::apply(
            [&](const auto&... field) {
                [[maybe_unused]] const auto add = [&](const auto& value) {
                    std::string name;
                    std::getline(names >> std::ws, name, ',');
                    fields.push_back(name + ": " + use(value) + usual(value));
                };
                (add(field), ...);
            },
            blank.tie());
        return folded(kind + " " + std::string(type_name<T>()) + " =", fields);
    }

    static std::string folded(std::string line, const std::vector<std::string>& parts) {
        std::string text;
        for (const std::string& part : parts) {
            const std::string piece = " " + part + (&part == &parts.back() ? "" : ",");
            if (line.size() + piece.size() > width) {
                text += line + "\n";
                line = "   ";
            }
            line += piece;
        }
        return text + line + "\n";
    }

    // The type's name; what it consists of is defined, if it is not yet.
    template <class T>
    std::string use(const T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            return "bool";
        } else if constexpr (std::is_same_v<T, double>) {
            return "float";
        } else if constexpr (OneOf<T, std::string, std::string_view, ByteString>) {
            return "bytes";
        } else if constexpr (std::is_same_v<T, Uuid>) {
            return "uuid";
        } else if constexpr (std::is_same_v<T, Duration>) {
            return "duration";
        } else if constexpr (std::is_unsigned_v<T>) {
            return "uint" + std::to_string(8 * sizeof(T));
        } else if constexpr (std::is_same_v<T, ClientIds>) {
            return use(std::vector<ClientId>());
        } else if constexpr (std::is_same_v<T, Entries>) {
            return use(std::vector<EntryPtr>());
        } else if constexpr (std::is_same_v<T, EntryPtr>) {
            return use(Entry{});
        } else if constexpr (std::is_same_v<T, std::map<NodeId, NodeInfo>>) {
            return "[" + use(NodeInfo{}) + "]";
        } else if constexpr (is_a<T, std::vector>) {
            return "[" + use(typename Element<T>::type{}) + "]";
        } else if constexpr (is_a<T, std::optional>) {
            return use(typename Element<T>::type{}) + "?";
        } else if constexpr (is_id<T>) {
            return id_name(value);
        } else if constexpr (std::is_enum_v<T>) {
            if (defined_.insert(std::string(type_name<T>())).second) enums_.push_back(enumeration<T>());
            return std::string(type_name<T>());
        } else {
            // Before what it consists of, as one reads it.
            if (defined_.insert(std::string(type_name<T>())).second) {
                const std::size_t place = structs_.size();
                structs_.emplace_back();
                structs_[place] = definition<T>("struct");
            }
            return std::string(type_name<T>());
        }
    }

    template <class Id>
    std::string id_name(const Id&) {
        std::string name(type_name<typename Element<Id>::type>());
        name.resize(name.size() - std::string_view("Tag").size());
        if (defined_.insert(name).second)
            ids_.push_back("id " + name + " = " + use(typename Element<Id>::rep{}) + "\n");
        return name;
    }

    template <class E>
    static std::string enumeration() {
        std::vector<std::string> values;
        using Range = wire::EnumRange<E>;
        [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            (values.push_back(std::string(enumerator_name<static_cast<E>(Range::first + Index)>()) + " " +
                              std::to_string(Range::first + Index)),
             ...);
        }
        (std::make_index_sequence<Range::last - Range::first + 1>{});
        if constexpr (requires { Range::fallback; })
            values.push_back("others as " + std::string(enumerator_name<Range::fallback>()));
        return folded("enum " + std::string(type_name<E>()) + " =", values);
    }

    // " = VALUE", where the default is not zero or nothing.
    template <class T>
    static std::string usual(const T& value) {
        if constexpr (std::is_enum_v<T>) {
            return " = " + name_of_value(value);
        } else if constexpr (std::is_same_v<T, bool>) {
            return value ? " = true" : "";
        } else if constexpr (std::is_same_v<T, Duration>) {
            const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(value);
            RINGKV_CHECK(milliseconds == value, "a default of whole milliseconds");
            return value == Duration{} ? "" : " = " + std::to_string(milliseconds.count()) + " ms";
        } else if constexpr (std::is_arithmetic_v<T>) {
            std::ostringstream text;
            if (value != T{}) text << " = " << value;
            return text.str();
        } else {
            return "";
        }
    }

    template <class E>
    static std::string name_of_value(E value) {
        std::string name;
        using Range = wire::EnumRange<E>;
        [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            ((static_cast<E>(Range::first + Index) == value
                  ? void(name = enumerator_name<static_cast<E>(Range::first + Index)>())
                  : void()),
             ...);
        }
        (std::make_index_sequence<Range::last - Range::first + 1>{});
        return name;
    }

    std::set<std::string> defined_;
    std::vector<std::string> messages_, records_, structs_, enums_, ids_;
};

// The page with the grammar between its marker lines.
std::string with_grammar(const std::string& page) {
    const std::string begin = "<!-- the grammar, by wire_grammar -->\n```\n";
    const std::string end = "```\n<!-- the end of the grammar -->\n";
    const auto from = page.find(begin);
    const auto to = page.find(end);
    if (from == std::string::npos || to == std::string::npos || to < from) return {};
    return page.substr(0, from + begin.size()) + Grammar().text() + page.substr(to);
}

int run(const std::string& mode, const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    const std::string right = with_grammar(page);
    if (right.empty()) {
        std::cerr << path << " has no two lines between which the grammar stands\n";
        return 2;
    }
    if (right == page) return 0;
    if (mode == "--rewrite") {
        std::ofstream(path, std::ios::binary) << right;
        return 0;
    }
    std::cerr << path << " has another grammar than the code; where the change is meant: wire_grammar --rewrite "
              << path << '\n';
    return 1;
}

}  // namespace
}  // namespace ringkv::compatibility

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.empty()) {
        std::cout << ringkv::compatibility::Grammar().text();
        return 0;
    }
    if (words.size() == 2 && (words[0] == "--check" || words[0] == "--rewrite"))
        return ringkv::compatibility::run(words[0], words[1]);
    std::cerr << "usage: wire_grammar [--check FILE | --rewrite FILE]\n";
    return 2;
}
