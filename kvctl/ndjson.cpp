#include "kvctl/ndjson.hpp"

#include <array>
#include <optional>
#include <utility>

#include "kvctl/base64.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

struct Field {
    std::string_view name;
    std::optional<std::string> text{};
};

// Takes the four fields out of a line while it is being parsed, and stops at the first thing that is wrong: no
// tree is built, so deep or strange input costs nothing. The member names are those of nlohmann's SAX interface.
class RecordReader {
  public:
    using json = nlohmann::json;

    bool null() { return other("null"); }
    bool boolean(bool /*value*/) { return other("a boolean"); }
    bool number_integer(json::number_integer_t /*value*/) { return other("a number"); }
    bool number_unsigned(json::number_unsigned_t /*value*/) { return other("a number"); }
    bool number_float(json::number_float_t /*value*/, const std::string& /*text*/) { return other("a number"); }
    bool binary(json::binary_t& /*value*/) { return other("binary data"); }

    bool string(std::string& value) {
        if (depth_ == 0) return wrong("not a JSON object");
        if (depth_ == 1 && current_ != nullptr) current_->text = std::move(value);
        return true;
    }
    bool key(std::string& name) {
        if (depth_ != 1) return true;
        current_ = nullptr;
        for (Field& field : fields_) {
            if (field.name != name) continue;
            if (field.text) return wrong("\"" + name + "\" is there twice");
            current_ = &field;
        }
        return true;
    }
    bool start_object(std::size_t /*count*/) { return deeper("an object"); }
    bool end_object() { return --depth_, true; }
    bool start_array(std::size_t /*count*/) { return depth_ == 0 ? wrong("not a JSON object") : deeper("an array"); }
    bool end_array() { return --depth_, true; }
    bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::detail::exception& /*why*/) {
        return wrong("not JSON, from character " + std::to_string(position) + " on");
    }

    // Of nothing but what parsing has found. Leaves the reader empty.
    Result<Record> take() {
        if (!reason_.empty()) return Error(ErrorCode::invalid_argument, reason_);
        auto key = either(fields_[0], fields_[1]);
        if (!key) return key.error();
        auto value = either(fields_[2], fields_[3]);
        if (!value) return value.error();
        return Record{std::move(*key), std::move(*value)};
    }

  private:
    static constexpr int most_depth = 64;

    bool wrong(std::string reason) {
        if (reason_.empty()) reason_ = std::move(reason);
        return false;
    }
    bool other(const char* what) {
        if (depth_ == 0) return wrong("not a JSON object");
        if (depth_ == 1 && current_ != nullptr) {
            return wrong("\"" + std::string(current_->name) + "\" is " + what + ", not a string");
        }
        return true;
    }
    bool deeper(const char* what) {
        if (depth_ > 0 && !other(what)) return false;
        if (++depth_ > most_depth) return wrong("nested too deeply");
        return true;
    }
    static Result<std::string> either(Field& plain, Field& base64) {
        const auto bad = [](std::string reason) { return Error(ErrorCode::invalid_argument, std::move(reason)); };
        const auto name = [](const Field& field) { return "\"" + std::string(field.name) + "\""; };
        if (plain.text && base64.text) return bad("both " + name(plain) + " and " + name(base64));
        if (plain.text) return std::move(*plain.text);
        if (!base64.text) return bad("neither " + name(plain) + " nor " + name(base64));
        auto bytes = from_base64(*base64.text);
        if (!bytes) return bad(name(base64) + " is not base64");
        return std::move(*bytes);
    }

    std::array<Field, 4> fields_{Field{"key"}, Field{"key_base64"}, Field{"value"}, Field{"value_base64"}};
    Field* current_ = nullptr;  // the field whose value comes next, if it is one of ours
    int depth_ = 0;
    std::string reason_;
};

}  // namespace

void add_bytes(Json& object, std::string_view name, std::string_view bytes) {
    if (is_utf8(bytes)) {
        object[std::string(name)] = bytes;
    } else {
        object[std::string(name) + "_base64"] = to_base64(bytes);
    }
}

std::string json_text(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json with_key(std::string_view key) {
    Json object = Json::object();
    add_bytes(object, "key", key);
    return object;
}

Result<Record> parse_record(std::string_view line) {
    RecordReader reader;
    nlohmann::json::sax_parse(line.begin(), line.end(), &reader);
    auto record = reader.take();
    if (record && record->key.empty()) return Error(ErrorCode::invalid_argument, "the key is empty");
    return record;
}

}  // namespace ringkv::kvctl
