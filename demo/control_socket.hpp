// A demo's control socket: a Unix-domain socket of whole messages (SOCK_SEQPACKET) in a directory that this user alone
// may enter. One request a connection; what does not speak in time is closed.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ringkv/result.hpp"

namespace ringkv::demo {

// The name in that directory of the demo with that base port.
[[nodiscard]] std::filesystem::path control_path(const std::filesystem::path& directory, std::uint64_t port);

class ControlServer {
  public:
    // Called on the server's thread, for one message at a time.
    using Handler = std::function<std::string(std::string_view request)>;

    // Answers from now on, in the place of a server that is there no more. Errors: storage: says why; refused: one is.
    [[nodiscard]] static Result<std::unique_ptr<ControlServer>> open(std::filesystem::path path, Handler handler);
    // The handler is not running any more, and is not called again.
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

  private:
    class Impl;
    explicit ControlServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Errors: unavailable: no server is there, or it does not answer in time; storage.
[[nodiscard]] Result<std::string> ask(const std::filesystem::path& path, const std::string& request,
                                      std::chrono::milliseconds timeout);

}  // namespace ringkv::demo
