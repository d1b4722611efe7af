#include "common/edge/transport/first_connections.hpp"

#include <utility>

#include "common/edge/transport/zmq_message.hpp"

namespace ringkv {

namespace {
constexpr Duration longest_wait = std::chrono::milliseconds(50);
}  // namespace

void FirstConnections::begin(void* socket, Time now) {
    sockets_.emplace(socket, Waiting{now + longest_wait});
}

bool FirstConnections::add(void* socket, std::string frame, std::size_t messages) {
    Waiting& waiting = sockets_.at(socket);
    if (waiting.bytes + frame.size() > most_bytes_) return false;
    waiting.bytes += frame.size();
    waiting.frames.push_back({std::move(frame), messages});
    return true;
}

bool FirstConnections::flush(Time now, const Tell& sent, const Tell& dropped) {
    return std::erase_if(sockets_, [&](const auto& item) {
               const auto& [socket, waiting] = item;
               std::size_t gone = 0;
               for (; gone < waiting.frames.size(); ++gone) {
                   MessagePart body{std::string_view(waiting.frames[gone].bytes)};
                   if (!body.send(socket)) break;
                   sent(waiting.frames[gone]);
               }
               if (gone == 0 && !waiting.frames.empty() && now < waiting.until) return false;
               for (; gone < waiting.frames.size(); ++gone) dropped(waiting.frames[gone]);
               return true;
           }) > 0;
}

}  // namespace ringkv
