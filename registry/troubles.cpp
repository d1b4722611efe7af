#include "registry/troubles.hpp"

#include <string>

#include "registry/event_kinds.hpp"

namespace ringkv::registry {

namespace {

// It is said again each second.
constexpr Duration said_again_within = std::chrono::seconds(10);

}  // namespace

void Troubles::told(Time now, const Trouble& trouble) {
    std::erase_if(lasting_, [now](const auto& item) { return now - item.second.told_at > said_again_within; });
    const NodeInfo* node = publication_.map().find(trouble.node);
    if (node == nullptr || node->start != trouble.start || trouble.shard >= node->endpoints.size()) return;
    const std::tuple which{trouble.node, trouble.kind, trouble.shard};
    const bool lasted = lasting_.contains(which);
    if (trouble.over)
        lasting_.erase(which);
    else
        lasting_.try_emplace(which, Lasting{now, now}).first->second.told_at = now;
    if (lasted != trouble.over) return;
    const bool disk = trouble.kind == TroubleKind::disk_stalled;
    const std::string shard = "shard " + std::to_string(trouble.shard) + " of " + node->name;
    const std::string_view began = disk ? kind::disk_stalled : kind::shard_stuck;
    const std::string_view ended = disk ? kind::disk_stores : kind::shard_turns;
    const auto text = [&]() -> std::string {
        if (disk)
            return trouble.over ? "the disk of " + shard + " stores again"
                                : "the disk of " + shard + " stores nothing: other nodes take over what it serves";
        return trouble.over ? shard + " turns again"
                            : shard +
                                  " does not turn, or its disk stores nothing: the node sends no heartbeat until "
                                  "it does";
    };
    publication_.note(now, {.kind = trouble.over ? ended : began,
                            .node = node->name,
                            .cause = trouble.over ? publication_.events().newest_of({began}, node->name) : EventId(),
                            .text = text()});
}

std::vector<LastingTrouble> Troubles::lasting(Time now) const {
    std::vector<LastingTrouble> lasting;
    for (const auto& [which, trouble] : lasting_)
        if (now - trouble.told_at <= said_again_within)
            lasting.push_back({std::get<0>(which), std::get<1>(which), std::get<2>(which), now - trouble.since});
    return lasting;
}

}  // namespace ringkv::registry
