// What a Client would never do: a bare DEALER that sends any frame to any server, and a bare TCP
// connection that sends any bytes.
//
// Throws std::runtime_error where the set-up itself fails. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "common/edge/codec/codec.hpp"
#include "tests/cluster/child_process.hpp"

namespace ringkv::testing {

class RawClient {
  public:
    explicit RawClient(const std::string& endpoint);

    // False if the queue to the server is full.
    bool send(std::string_view frame);
    bool send(const Identity& sender, const Message& message);
    // Each part is a frame of its own.
    bool send_parts(const std::vector<std::string>& parts);
    std::optional<std::string> receive(milliseconds deadline);
    // The next frame's messages; empty if none came, or if it is not one of ours.
    std::vector<Message> receive_messages(milliseconds deadline);
    // The server's map. Throws if it does not answer.
    ClusterMap map();

  private:
    zmq::context_t context_;
    zmq::socket_t socket_;
};

// Sends the bytes and reads until the server closes, or for a moment. Never fails: a server may refuse
// whatever it likes.
void send_raw_bytes(const std::string& endpoint, std::string_view bytes);

}  // namespace ringkv::testing
