// What is said to the senders of frames, and of messages, that cannot be read; logged, and counted.
//
// Thread safety: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/edge/transport/transport.hpp"
#include "common/edge/transport/warning_limiter.hpp"

namespace ringkv {

class Refusals {
  public:
    // `counters` is kept by reference. Refusals of messages go on in no frame that is larger than `most_bytes`.
    Refusals(TransportCounters& counters, std::size_t most_bytes) : counters_(counters), most_bytes_(most_bytes) {}

    // -> the frame that says so. `peer`: the sender's network address.
    [[nodiscard]] std::string of_frame(const std::string& peer, const Error& error);
    // Of messages that only a newer release can read, each with its own refusal.
    [[nodiscard]] std::string of_messages(const Identity& self, const std::string& peer,
                                          const std::vector<Unreadable>& messages);
    // Of requests that came when there was too much to do, or to send: `overloaded`. The first one says why. -> frames.
    [[nodiscard]] std::vector<std::string> of_requests(const Identity& self, const std::vector<RequestId>& requests,
                                                       std::string_view why);

  private:
    TransportCounters& counters_;
    const std::size_t most_bytes_;
    WarningLimiter frames_;
    WarningLimiter messages_;
};

}  // namespace ringkv
