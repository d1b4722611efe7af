// Messages of other nodes and of the registry that no honest one sends: each is counted, and now and then one is
// logged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/outlets.hpp"

namespace ringkv {

class RefusedMessages {
  public:
    // It must outlive it.
    explicit RefusedMessages(EventLog& events) : events_(events) {}

    // From which node the next ones come, and what they are; for the log. Valid until the next call.
    void coming(NodeId node, std::string_view message) {
        node_ = node;
        message_ = message;
    }
    void add(Time now, PartitionId partition, std::string_view why) {
        ++count_;
        if (count_ > 1 && now - logged_at_ < between_lines) return;
        logged_at_ = now;
        events_.add(LogLevel::error, "a message was refused that none should send: " + std::string(why),
                    {{"message", std::string(message_)},
                     {"from", std::to_string(node_.value())},
                     field(partition),
                     {"refused", std::to_string(count_)}});
    }

    // So many so far.
    [[nodiscard]] std::uint64_t count() const { return count_; }

  private:
    static constexpr Duration between_lines = std::chrono::seconds(10);

    EventLog& events_;
    NodeId node_;
    std::string_view message_;
    std::uint64_t count_ = 0;
    Time logged_at_{};
};

}  // namespace ringkv
