#include "common/messages.hpp"

#include <array>

namespace ringkv {

std::string_view name_of(const Message& message) {
    static constexpr std::array<std::string_view, std::variant_size_v<Message>> names = {
        "Write",
        "WriteAnswer",
        "Get",
        "GetAnswer",
        "Scan",
        "ScanAnswer",
        "NotPrimary",
        "RequestRefused",
        "FrameRefused",
        "MapRequest",
        "MapSnapshot",
        "MapDelta",
        "CurrentEpoch",
        "Join",
        "JoinAnswer",
        "JoinWaiting",
        "JoinRefused",
        "Heartbeat",
        "HeartbeatAnswer",
        "Propose",
        "ProposeAnswer",
        "Beacon",
        "BeaconAnswer",
        "Prepare",
        "PrepareOk",
        "NewerView",
        "StartView",
        "StartViewOk",
        "StateChunk",
        "StateChunkOk",
        "Administer",
        "AdministerAnswer",
        "HoldingsRequest",
        "HoldingsAnswer",
    };
    return names[message.index()];
}

}  // namespace ringkv
