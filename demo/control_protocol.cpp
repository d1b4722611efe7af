#include "demo/control_protocol.hpp"

#include <nlohmann/json.hpp>

namespace ringkv::demo {
namespace {

using Json = nlohmann::ordered_json;

Error malformed(const std::string& what) {
    return {ErrorCode::malformed, what + ": is it a kvctl of another release at the other end?"};
}

// An object; none: it is not JSON, or something else.
std::optional<Json> object_of(std::string_view bytes) {
    Json object = Json::parse(bytes, nullptr, false);
    if (!object.is_object()) return std::nullopt;
    return object;
}

// False: it is there, and of another type.
bool take(const Json& object, const char* name, std::string& into) {
    const auto found = object.find(name);
    if (found == object.end()) return true;
    if (!found->is_string()) return false;
    into = found->get<std::string>();
    return true;
}

bool take(const Json& object, const char* name, std::uint32_t& into) {
    const auto found = object.find(name);
    if (found == object.end()) return true;
    if (!found->is_number_unsigned()) return false;
    into = static_cast<std::uint32_t>(found->get<std::uint64_t>());
    return true;
}

std::string text_of(const Json& object) {
    return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const DemoNode& node) {
    Json object{{"name", node.name},
                {"rack", node.rack},
                {"state", node.state},
                {"address", node.address},
                {"http", node.http}};
    if (!node.error.empty()) object["error"] = node.error;
    return object;
}

std::optional<DemoNode> to_node(const Json& object) {
    DemoNode node;
    const bool whole = object.is_object() && take(object, "name", node.name) && take(object, "rack", node.rack) &&
                       take(object, "state", node.state) && take(object, "address", node.address) &&
                       take(object, "http", node.http) && take(object, "error", node.error);
    if (!whole) return std::nullopt;
    return node;
}

ErrorCode code_named(const std::string& name) {
    for (auto code = ErrorCode::invalid_argument; code != ErrorCode::internal;
         code = static_cast<ErrorCode>(static_cast<unsigned>(code) + 1))
        if (to_string(code) == name) return code;
    return ErrorCode::internal;
}

}  // namespace

std::string encode(const DemoRequest& request) {
    return text_of({{"verb", request.verb}, {"node", request.node}});
}

Result<DemoRequest> decode_request(std::string_view bytes) {
    if (bytes.size() > most_request_bytes) return malformed("the request is too long");
    const auto object = object_of(bytes);
    DemoRequest request;
    if (!object || !take(*object, "verb", request.verb) || !take(*object, "node", request.node))
        return malformed("this is no request to a demo");
    return request;
}

std::string encode(const Result<DemoAnswer>& answer) {
    if (!answer) return text_of({{"error", to_string(answer.error().code())}, {"message", answer.error().message()}});
    Json object{{"text", answer->text}, {"nodes", Json::array()}};
    for (const DemoNode& node : answer->nodes) object["nodes"].push_back(to_json(node));
    object["partitions"] = answer->partitions;
    object["not_served"] = answer->not_served;
    return text_of(object);
}

Result<DemoAnswer> decode_answer(std::string_view bytes) {
    const Error wrong = malformed("this is no answer of a demo");
    const auto object = object_of(bytes);
    if (!object) return wrong;
    std::string code;
    std::string message;
    if (!take(*object, "error", code) || !take(*object, "message", message)) return wrong;
    if (!code.empty()) return Error(code_named(code), message);
    DemoAnswer answer;
    if (!take(*object, "text", answer.text) || !take(*object, "partitions", answer.partitions) ||
        !take(*object, "not_served", answer.not_served))
        return wrong;
    const Json nodes = object->value("nodes", Json::array());
    for (const Json& each : nodes) {
        auto node = to_node(each);
        if (!node) return wrong;
        answer.nodes.push_back(std::move(*node));
    }
    return answer;
}

}  // namespace ringkv::demo
