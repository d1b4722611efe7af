#include "common/messages.hpp"

namespace ringkv {

std::string_view name_of(const Message& message) {
    return message_names[message.index()];
}

}  // namespace ringkv
