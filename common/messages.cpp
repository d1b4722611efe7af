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

namespace {
template <class Field>
void keep(Field& field) {
    if constexpr (std::is_same_v<Field, ByteString>) field.keep();
    if constexpr (std::is_same_v<Field, std::optional<ByteString>>)
        if (field) field->keep();
}
}  // namespace

void keep_bytes(Message& message) {
    std::visit([](auto& content) { std::apply([](auto&... field) { (keep(field), ...); }, content.tie()); }, message);
}

}  // namespace ringkv
