#include "tests/cluster/nemesis_caller.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <optional>
#include <sstream>
#include <utility>

namespace ringkv::testing {

namespace {

using linearizability::Call;
using linearizability::Kind;
using linearizability::Outcome;

constexpr const char* ready = "ready";
constexpr const char* no_value = "-";

Outcome outcome_of(const Error& error) {
    if (error.maybe_applied()) return Outcome::unknown;
    return error.code() == ErrorCode::condition_failed ? Outcome::condition_failed : Outcome::not_applied;
}

void note(Call& call, const Result<Version>& result) {
    call.outcome = result ? Outcome::done : outcome_of(result.error());
    if (result) call.version = *result;
}

void note(Call& call, const Result<std::optional<Version>>& result) {
    call.outcome = !result ? outcome_of(result.error()) : *result ? Outcome::done : Outcome::absent;
    if (result && *result) call.version = **result;
}

void make(Client& client, const std::string& key, Call& call) {
    switch (call.kind) {
        case Kind::get: return note_read(call, client.get(key));
        case Kind::put: return note(call, client.put(key, call.value));
        case Kind::erase: return note(call, client.erase(key));
        case Kind::compare_and_set: return note(call, client.compare_and_set(key, call.expected, call.value));
        case Kind::compare_and_erase: return note(call, client.compare_and_erase(key, call.expected));
    }
}

std::optional<Client> connect(const std::vector<std::string>& endpoints, std::chrono::milliseconds deadline) {
    Options options;
    options.registries = endpoints;
    options.deadline = deadline;
    auto client = Client::connect(options);
    if (!client) return std::nullopt;
    return std::move(*client);
}

class CallerHere final : public Caller {
  public:
    explicit CallerHere(Client client) : client_(std::move(client)) {}
    bool perform(const std::string& key, Call& call) override {
        make(client_, key, call);
        return true;
    }

  private:
    Client client_;
};

// A line for a call: kind, key, expected version, value. And for its answer: outcome, version, value. Keys and values
// are words here; one that is empty is "-".
const std::string& word(const std::string& value) {
    static const std::string none = no_value;
    return value.empty() ? none : value;
}

std::string value_of(const std::string& word) {
    return word == no_value ? "" : word;
}

std::string line_of(const std::string& key, const Call& call) {
    std::ostringstream line;
    line << static_cast<int>(call.kind) << ' ' << key << ' ' << call.expected << ' ' << word(call.value) << '\n';
    return line.str();
}

class CallerElsewhere final : public Caller {
  public:
    CallerElsewhere(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
    ~CallerElsewhere() override {
        ::close(socket_);
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    CallerElsewhere(const CallerElsewhere&) = delete;
    CallerElsewhere& operator=(const CallerElsewhere&) = delete;

    [[nodiscard]] bool is_ready() { return read_line() == ready; }

    bool perform(const std::string& key, Call& call) override {
        const std::string line = line_of(key, call);
        // If it ends meanwhile, it may have sent the call or not.
        call.outcome = call.kind == Kind::get ? Outcome::not_applied : Outcome::unknown;
        if (::send(socket_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) return false;
        std::istringstream answer(read_line());
        int outcome = 0;
        Version version = 0;
        std::string value;
        if (!(answer >> outcome >> version >> value)) return false;
        call.outcome = static_cast<Outcome>(outcome);
        call.version = version;
        if (call.kind == Kind::get) call.value = value_of(value);
        return true;
    }

  private:
    // Empty: it has ended.
    std::string read_line() {
        for (;;) {
            if (const std::size_t end = read_.find('\n'); end != std::string::npos) {
                std::string line = read_.substr(0, end);
                read_.erase(0, end + 1);
                return line;
            }
            char bytes[4096];
            const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
            if (count <= 0) return {};
            read_.append(bytes, static_cast<std::size_t>(count));
        }
    }

    pid_t pid_;
    int socket_;
    std::string read_;
};

// Its standard input and output are the socket. -> its pid, or none.
std::optional<pid_t> start(std::vector<std::string> words, int socket) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& each : words) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO);
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, arguments.front(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return std::nullopt;
    return pid;
}

}  // namespace

void note_read(Call& call, const Result<std::optional<VersionedValue>>& result) {
    call.outcome = !result ? Outcome::not_applied : *result ? Outcome::done : Outcome::absent;
    if (!result || !*result) return;
    call.value = (*result)->value;
    call.version = (*result)->version;
}

std::unique_ptr<Caller> connect_here(const std::vector<std::string>& endpoints, std::chrono::milliseconds deadline) {
    std::optional<Client> client = connect(endpoints, deadline);
    if (!client) return nullptr;
    return std::make_unique<CallerHere>(std::move(*client));
}

std::unique_ptr<Caller> connect_elsewhere(const std::vector<std::string>& launcher,
                                          const std::vector<std::string>& endpoints,
                                          std::chrono::milliseconds deadline) {
    std::vector<std::string> words = launcher;
    words.insert(words.end(), {NEMESIS_CLIENT_PROGRAM, std::to_string(deadline.count())});
    words.insert(words.end(), endpoints.begin(), endpoints.end());
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return nullptr;
    const std::optional<pid_t> pid = start(std::move(words), sockets[1]);
    ::close(sockets[1]);
    if (!pid) {
        ::close(sockets[0]);
        return nullptr;
    }
    auto caller = std::make_unique<CallerElsewhere>(*pid, sockets[0]);
    return caller->is_ready() ? std::move(caller) : nullptr;
}

int answer_calls(const std::vector<std::string>& endpoints, std::chrono::milliseconds deadline) {
    std::optional<Client> client = connect(endpoints, deadline);
    if (!client) return 1;
    std::cout << ready << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        int kind = 0;
        std::string key;
        std::string value;
        Call call;
        if (!(words >> kind >> key >> call.expected >> value) || kind < 0 ||
            kind > static_cast<int>(Kind::compare_and_erase))
            return 1;
        call.kind = static_cast<Kind>(kind);
        call.value = value_of(value);
        make(*client, key, call);
        std::cout << static_cast<int>(call.outcome) << ' ' << call.version << ' ' << word(call.value) << std::endl;
    }
    return 0;
}

}  // namespace ringkv::testing
