#include "demo/control_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "common/edge/transport/wake_signal.hpp"
#include "demo/control_protocol.hpp"

namespace ringkv::demo {
namespace {

constexpr std::chrono::milliseconds longest_exchange(1000);  // of a client, for each of its two halves
constexpr int backlog = 16;
constexpr int pause_ms = 100;  // after a client could not be accepted

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;

    [[nodiscard]] int get() const { return number_; }

  private:
    int number_;
};

Error failed(const std::filesystem::path& path, const std::string& what, int reason) {
    return {ErrorCode::storage, path.string() + ": " + what + ": " + std::strerror(reason)};
}

Descriptor make_socket() {
    return Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = path.string();
    if (text.size() >= sizeof address.sun_path)
        return failed(path, "cannot be a socket; set XDG_RUNTIME_DIR or TMPDIR to a shorter one", ENAMETOOLONG);
    std::memcpy(&address.sun_path[0], text.c_str(), text.size() + 1);
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

void limit(int socket, std::chrono::milliseconds time) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timeval limit{whole.count(), std::chrono::microseconds(time - whole).count()};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool send_message(int socket, const std::string& message) {
    return ::send(socket, message.data(), message.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(message.size());
}

// A whole message, or more than `most` bytes of a longer one; none: nothing came in time.
std::optional<std::string> receive_message(int socket, std::size_t most) {
    std::string message(most + 1, '\0');
    const ssize_t got = ::recv(socket, message.data(), message.size(), 0);
    if (got <= 0) return std::nullopt;
    message.resize(static_cast<std::size_t>(got));
    return message;
}

// The directory keeps other users out already.
bool is_same_user(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

// None: nothing listens there.
std::optional<Descriptor> connect_to(const sockaddr_un& address) {
    Descriptor socket = make_socket();
    limit(socket.get(), longest_exchange);
    if (::connect(socket.get(), generic(address), sizeof address) != 0) return std::nullopt;
    return socket;
}

}  // namespace

std::filesystem::path control_path(const std::filesystem::path& directory, std::uint64_t port) {
    return directory / ("ringkv-demo-" + std::to_string(port) + ".sock");
}

class ControlServer::Impl {
  public:
    Impl(std::filesystem::path path, Descriptor socket, Handler handler)
        : path_(std::move(path)),
          socket_(std::move(socket)),
          handler_(std::move(handler)),
          thread_([this] { run(); }) {}
    ~Impl() {
        ended_.raise();
        thread_.join();
        ::unlink(path_.c_str());
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

  private:
    void run() {
        std::array<pollfd, 2> waits{{{socket_.get(), POLLIN, 0}, {ended_.descriptor(), POLLIN, 0}}};
        for (;;) {
            if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
            if (waits[1].revents != 0) return;
            if (waits[0].revents == 0) continue;
            const Descriptor client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            // Too many files are open, perhaps: not again at once.
            if (client.get() < 0) (void)::poll(&waits[1], 1, pause_ms);
            if (client.get() >= 0) serve(client);
        }
    }
    void serve(const Descriptor& client) {
        if (!is_same_user(client.get())) return;
        limit(client.get(), longest_exchange);
        if (const auto request = receive_message(client.get(), most_request_bytes))
            (void)send_message(client.get(), handler_(*request));
    }

    const std::filesystem::path path_;
    const Descriptor socket_;
    const Handler handler_;
    WakeSignal ended_;
    std::thread thread_;
};

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::~ControlServer() = default;

// A name that stays after its server was killed is in the way of the next; one that is answered at is not taken.
Result<std::unique_ptr<ControlServer>> ControlServer::open(std::filesystem::path path, Handler handler) {
    const auto address = address_of(path);
    if (!address) return address.error();
    if (connect_to(*address)) return Error(ErrorCode::refused, path.string() + " is answered at by another process");
    ::unlink(path.c_str());
    Descriptor socket = make_socket();
    if (::bind(socket.get(), generic(*address), sizeof *address) != 0 || ::listen(socket.get(), backlog) != 0)
        return failed(path, "cannot be listened on", errno);
    return std::unique_ptr<ControlServer>(
        new ControlServer(std::make_unique<Impl>(std::move(path), std::move(socket), std::move(handler))));
}

Result<std::string> ask(const std::filesystem::path& path, const std::string& request,
                        std::chrono::milliseconds timeout) {
    const auto address = address_of(path);
    if (!address) return address.error();
    const auto socket = connect_to(*address);
    if (!socket) return Error(ErrorCode::unavailable, "nothing answers at " + path.string());
    limit(socket->get(), timeout);
    if (send_message(socket->get(), request))
        if (auto answer = receive_message(socket->get(), most_answer_bytes)) return std::move(*answer);
    return Error(ErrorCode::unavailable, "what listens at " + path.string() + " did not answer in time");
}

}  // namespace ringkv::demo
