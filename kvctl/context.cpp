#include "kvctl/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "kvctl/base64.hpp"
#include "kvctl/session.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

bool is_plain(std::string_view key) {
    const auto plain = [](unsigned char byte) {
        return std::isalnum(byte) != 0 || byte == '_' || byte == ':' || byte == '.';
    };
    return !key.empty() && key.size() <= 100 && std::all_of(key.begin(), key.end(), plain);
}

Options options_of(const Context& context) {
    Options options;
    options.registries = context.registries;
    options.deadline = context.timeout;
    options.rack = context.arguments.text("--rack").value_or("");
    if (context.slow) SlowCalls::note(options, *parse_duration(*context.arguments.text("--slow")), context.slow);
    return options;
}

}  // namespace

Lent<Client> connect(const Context& context) {
    if (context.session != nullptr) return context.session->connections.client(options_of(context));
    return Connections(context.registries, context.timeout).client(options_of(context));
}

Lent<Admin> connect_admin(const Context& context) {
    AdminOptions options;
    options.registries = context.registries;
    options.deadline = context.timeout;
    if (context.session != nullptr) return context.session->connections.admin(std::move(options));
    return Connections(context.registries, context.timeout).admin(std::move(options));
}

Result<Client> connect_anew(const Context& context) {
    return Client::connect(options_of(context));
}

ExitCode report(const Context& context, const Error& error) {
    // Some errors of the library name the next command themselves.
    if (error.message().find("kvctl ") != std::string::npos) return report(context, error, "");
    std::string next = next_step(error, context.arguments.command->name);
    // The advice can be copied if the key is one that no shell would touch.
    const std::vector<std::string>& words = context.arguments.words;
    const std::size_t at = next.find("KEY");
    if (at != std::string::npos && !words.empty() && is_plain(words.front()) &&
        !context.arguments.has("--key-base64")) {
        next.replace(at, 3, words.front());
    }
    return report(context, error, next);
}

ExitCode report_unconnected(const Context& context, const Error& error) {
    if (error.code() != ErrorCode::unavailable) return report(context, error);
    return report(context, error, "--registry tcp://host:port with another registry, or any node, of the cluster");
}

ExitCode report(const Context& context, const Error& error, std::string_view next) {
    const Console& console = context.console;
    console.say(fmt::format("{} {}",
                            console.paint_err(Colour::red, fmt::format("kvctl {}:", context.arguments.command->name)),
                            error.message()));
    if (!next.empty()) console.say(fmt::format("  try: {}", next));
    return exit_code(error);
}

void print_json(const Context& context, const Json& value) {
    context.console.out << json_text(value) << '\n';
}

Result<std::string> key_of(const Context& context, const std::string& word) {
    if (!context.arguments.has("--key-base64")) return word;
    auto key = from_base64(word);
    if (!key) return Error(ErrorCode::invalid_argument, fmt::format("{} is not base64", named(word)));
    return std::move(*key);
}

std::string named(std::string_view key) {
    return fmt::format("'{}'", shorten(escape(key), 100));
}

void add_error(Json& object, const Error& error) {
    object["error"] = to_string(error.code());
    object["message"] = error.message();
}

}  // namespace ringkv::kvctl
