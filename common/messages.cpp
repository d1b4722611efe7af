#include "common/messages.hpp"

namespace ringkv {

Message::Message(const Message& other) = default;
Message::Message(Message&& other) noexcept = default;
Message& Message::operator=(const Message& other) = default;
Message& Message::operator=(Message&& other) noexcept = default;
Message::~Message() = default;

std::string_view name_of(const Message& message) {
    return message_names[message.index()];
}

void keep_bytes(Message& message) {
    std::visit([](auto& content) { keep_bytes(content); }, message);
}

}  // namespace ringkv
