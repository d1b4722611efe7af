// What a command is given, and what all of them do the same way.
#pragma once

#include <ringkv/admin.hpp>
#include <ringkv/client.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kvctl/app.hpp"
#include "kvctl/arguments.hpp"
#include "kvctl/connections.hpp"
#include "kvctl/console.hpp"
#include "kvctl/exit_code.hpp"
#include "kvctl/ndjson.hpp"
#include "kvctl/slow_calls.hpp"

namespace ringkv::kvctl {

struct Context {
    const Console& console;
    const Arguments& arguments;
    const Program& program;
    Session* session = nullptr;  // of the shell whose line this is
    std::vector<std::string> registries{};
    std::chrono::milliseconds timeout{5000};
    bool json = false;
    std::shared_ptr<SlowCalls> slow{};  // with --slow
};

// In a shell: what its lines share.
Lent<Client> connect(const Context& context);
Lent<Admin> connect_admin(const Context& context);
// The command's own in any case.
Result<Client> connect_anew(const Context& context);

// Says what went wrong, why, and what to try. -> the exit code that tells the same.
ExitCode report(const Context& context, const Error& error);
// The same, where `next` is better advice than the general one.
ExitCode report(const Context& context, const Error& error, std::string_view next);

// The same for an error of connect().
ExitCode report_unconnected(const Context& context, const Error& error);

// One line of JSON on stdout.
void print_json(const Context& context, const Json& value);

// The word that names a key: itself, or what --key-base64 says it stands for.
Result<std::string> key_of(const Context& context, const std::string& word);

// 'key', safe to print and not too long.
std::string named(std::string_view key);

// {"error", "message"}, for the lines of commands about many keys.
void add_error(Json& object, const Error& error);

}  // namespace ringkv::kvctl
