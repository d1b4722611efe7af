// Frames that wait for the first connection to their receiver, which is made when the first of them is sent: without a
// connection a DEALER takes none (ZMQ_IMMEDIATE). For 50 ms at most, and in order. Making one takes a millisecond or
// two; an actor that missed the answer would repeat itself after a hundred, at best.
//
// Thread safety: none.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/time.hpp"

namespace ringkv {

class FirstConnections {
  public:
    struct Frame {
        std::string bytes;
        std::size_t messages;
    };
    using Tell = std::function<void(const Frame&)>;

    // Of all frames that wait for one connection.
    explicit FirstConnections(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    // A socket that was connected just now.
    void begin(void* socket, Time now);
    void forget(void* socket) { sockets_.erase(socket); }
    [[nodiscard]] bool none() const { return sockets_.empty(); }
    [[nodiscard]] bool awaits(void* socket) const { return sockets_.contains(socket); }
    // Only of a socket that is awaited. False: there is no room for it.
    [[nodiscard]] bool add(void* socket, std::string frame, std::size_t messages);
    // Sends what can go now, and drops what waited for too long. True: some socket is awaited no more.
    bool flush(Time now, const Tell& sent, const Tell& dropped);

  private:
    struct Waiting {
        Time until;
        std::vector<Frame> frames{};
        std::size_t bytes = 0;
    };

    std::size_t most_bytes_;
    std::map<void*, Waiting> sockets_;
};

}  // namespace ringkv
