// HTTP for operators: their monitoring, and their browsers. GET and HEAD only, a request a connection, all of it on one
// thread of its own, which gives way to the others of the process (docs/decisions/0035).
//
// A client that is slow or hostile harms nothing but itself. Bounded are: connections (a new one beyond that closes the
// oldest, so one that does nothing keeps no other out), the bytes of a request, and the time from a connection's
// beginning to its end, whatever is sent or read meanwhile.
//
// Every answer tells browsers to load from here alone, to keep nothing, and to show nothing of it within another page.
//
// This file's source is the only one that names the library. Nothing throws.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/time.hpp"
#include "ringkv/result.hpp"

namespace ringkv {

struct HttpOptions {
    std::string listen;                               // "host:port"; port 0: any that is free
    std::size_t connections = 16;                     // at once
    std::size_t request_bytes = 8192;                 // of the request line and all headers together; there is no body
    Duration longest = std::chrono::seconds(5);       // from a connection's beginning to its end
    Duration pause = std::chrono::milliseconds(100);  // after a connection could not be accepted
};

// As it was sent, percent-encoded; valid during the call.
struct HttpRequest {
    std::string_view path;
    std::string_view query;  // without the '?'; empty: there is none
};

struct HttpAnswer {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

class HttpServer {
  public:
    // Called on the server's thread for each GET and HEAD; one at a time.
    using Handler = std::function<HttpAnswer(const HttpRequest& request)>;

    // Listens, and answers from now on. Errors: configuration (the address is malformed, not here, or in use).
    static Result<std::unique_ptr<HttpServer>> open(const HttpOptions& options, Handler handler);
    // The handler is not running any more, and is not called again.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    [[nodiscard]] std::uint16_t port() const;

    // Thread-safe. Nothing is accepted, read or answered until resume(), or the end: as for a process after SIGSTOP,
    // and after SIGCONT.
    void pause();
    void resume();

  private:
    class Impl;
    explicit HttpServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringkv
