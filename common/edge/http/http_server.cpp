#include "common/edge/http/http_server.hpp"

#include <sys/resource.h>
#include <unistd.h>

// One thread runs all handlers, so they need no memory fences, which the thread sanitizer does not know.
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <list>
#include <thread>
#include <utility>

#include "common/edge/configuration/config_values.hpp"
#include "common/edge/system/log.hpp"

namespace ringkv {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using beast::error_code;

// For browsers: scripts, styles, pictures and requests of this server, no others; nothing that stands in a page itself.
constexpr const char* from_here_alone =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

// Of this thread alone: the shards go first.
constexpr int politeness = 10;

http::status status_of_bad_request(const error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return http::status::request_header_fields_too_large;
    return http::status::bad_request;
}

// A connection: one request, its answer, and what its client sends on until it has read that. Of the server's thread.
class Session : public std::enable_shared_from_this<Session> {
  public:
    using Ended = std::function<void(const Session&)>;

    // The handler by reference. `ended` is called once there is nothing left to do.
    Session(tcp::socket socket, const HttpOptions& options, const HttpServer::Handler& handler, Ended ended)
        : stream_(std::move(socket)), buffer_(options.request_bytes + 1), handler_(handler), ended_(std::move(ended)) {
        parser_.header_limit(static_cast<std::uint32_t>(options.request_bytes));
        stream_.expires_after(options.longest);  // for all that follows together
    }

    void run() {
        http::async_read_header(stream_, buffer_, parser_,
                                [self = shared_from_this()](error_code error, std::size_t) { self->was_read(error); });
    }
    void close() { stream_.close(); }

  private:
    void was_read(const error_code& error) {
        if (!error) return answer(answer_to(parser_.get()));
        const bool of_http = error.category() == make_error_code(http::error::bad_method).category();
        if (!of_http || error == http::error::end_of_stream || error == http::error::partial_message) return end();
        const http::status status = status_of_bad_request(error);
        answer({static_cast<unsigned>(status), "text/plain; charset=utf-8", error.message() + "\n"});
    }

    [[nodiscard]] HttpAnswer answer_to(const http::request_header<>& request) {
        head_ = request.method() == http::verb::head;
        if (!head_ && request.method() != http::verb::get)
            return {static_cast<unsigned>(http::status::method_not_allowed), "text/plain; charset=utf-8",
                    "only GET and HEAD\n"};
        const std::string_view target(request.target().data(), request.target().size());
        const std::size_t mark = std::min(target.find('?'), target.size());
        return handler_({target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))});
    }

    void answer(HttpAnswer answer) {
        answer_.result(answer.status);
        answer_.version(11);
        answer_.keep_alive(false);
        answer_.set(http::field::content_type, answer.content_type);
        answer_.set(http::field::cache_control, "no-store");
        answer_.set("X-Content-Type-Options", "nosniff");
        answer_.set("Content-Security-Policy", from_here_alone);
        answer_.set("Referrer-Policy", "no-referrer");
        if (answer_.result() == http::status::method_not_allowed) answer_.set(http::field::allow, "GET, HEAD");
        answer_.content_length(answer.body.size());
        if (!head_) answer_.body() = std::move(answer.body);
        http::async_write(stream_, answer_, [self = shared_from_this()](error_code error, std::size_t) {
            if (error) return self->end();
            self->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
            self->drain();
        });
    }

    // To close while something comes would take the answer from a client that has not read it yet.
    void drain() {
        stream_.async_read_some(asio::buffer(rest_), [self = shared_from_this()](error_code error, std::size_t) {
            error ? self->end() : self->drain();
        });
    }

    void end() const { ended_(*this); }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    http::request_parser<http::empty_body> parser_;
    http::response<http::string_body> answer_;
    std::array<char, 4096> rest_{};
    bool head_ = false;
    const HttpServer::Handler& handler_;
    const Ended ended_;
};

Error cannot_listen(const std::string& where, const error_code& error) {
    return {ErrorCode::configuration,
            "http: cannot listen on " + where + ": " + error.message() + "; choose another address, or leave it out"};
}

}  // namespace

class HttpServer::Impl {
  public:
    Impl(HttpOptions options, Handler handler) : options_(std::move(options)), handler_(std::move(handler)) {}
    ~Impl() {
        io_.stop();
        resume();
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] Result<void> open();
    [[nodiscard]] std::uint16_t port() const { return port_; }
    void pause();
    void resume();

  private:
    void run();
    void accept();
    void begin(tcp::socket socket);

    const HttpOptions options_;
    const Handler handler_;
    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_};
    asio::steady_timer pause_{io_};
    std::uint16_t port_ = 0;
    std::list<std::shared_ptr<Session>> sessions_;  // the oldest first
    std::atomic<bool> paused_{false};
    std::thread thread_;
};

// The thread itself stands still.
void HttpServer::Impl::pause() {
    if (!paused_.exchange(true)) asio::post(io_, [this] { paused_.wait(true); });
}

void HttpServer::Impl::resume() {
    paused_ = false;
    paused_.notify_all();
}

Result<void> HttpServer::Impl::open() {
    error_code error;
    const std::size_t colon = options_.listen.rfind(':');
    const bool any_port = options_.listen.substr(colon + 1) == "0";
    const auto place = config::parse_host_port(any_port ? options_.listen.substr(0, colon) + ":1" : options_.listen);
    if (!place) return place.error();
    const std::string host = place->host == "*" ? "0.0.0.0" : place->host;
    tcp::resolver resolver(io_);
    const auto found = resolver.resolve(host, any_port ? "0" : std::to_string(place->port),
                                        tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error || found.empty()) return cannot_listen(options_.listen, error);
    const tcp::endpoint at = *found.begin();
    acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) return cannot_listen(options_.listen, error);
    accept();
    thread_ = std::thread([this, name = log_name()] {
        const NamedLog named(name);
        run();
    });
    return {};
}

void HttpServer::Impl::run() {
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), politeness);
    while (!io_.stopped()) {
        try {
            io_.run();
        } catch (const std::exception& error) {
            log(LogLevel::error, std::string("http: a request failed: ") + error.what());
        }
    }
}

void HttpServer::Impl::accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
        if (!error) {
            accept();
            return begin(std::move(socket));
        }
        // Too many files are open, perhaps: not again at once.
        pause_.expires_after(options_.pause);
        pause_.async_wait([this](error_code) { accept(); });
    });
}

void HttpServer::Impl::begin(tcp::socket socket) {
    if (sessions_.size() >= options_.connections) {
        sessions_.front()->close();
        sessions_.pop_front();
    }
    sessions_.push_back(std::make_shared<Session>(std::move(socket), options_, handler_, [this](const Session& ended) {
        std::erase_if(sessions_, [&ended](const auto& session) { return session.get() == &ended; });
    }));
    sessions_.back()->run();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::open(const HttpOptions& options, Handler handler) {
    auto impl = std::make_unique<Impl>(options, std::move(handler));
    if (auto opened = impl->open(); !opened) return opened.error();
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const {
    return impl_->port();
}
void HttpServer::pause() {
    impl_->pause();
}
void HttpServer::resume() {
    impl_->resume();
}

}  // namespace ringkv
