#include "registry/administration.hpp"

#include "common/placement/planning.hpp"
#include "registry/partition_reset.hpp"

namespace ringkv::registry {

namespace {

struct Verdict {
    std::optional<ErrorCode> error;
    std::string text;
};

Verdict invalid(std::string text) {
    return {ErrorCode::invalid_argument, std::move(text)};
}

Verdict set_duty(Publication& publication, NodeInfo node, NodeDuty duty, std::string text) {
    if (node.duty == duty) return {{}, std::move(text)};
    node.duty = duty;
    publication.log_when_durable(LogLevel::info, text, {{"node", node.name}});
    publication.put(std::move(node));
    return {{}, std::move(text)};
}

Verdict change_duty(Publication& publication, const Administer& request) {
    const ClusterMap& map = publication.map();
    const NodeInfo* node = map.find(request.node);
    if (node == nullptr || node->state == NodeState::gone) return invalid(no_such_node(request.node));
    if (request.action == AdminAction::undrain)
        return set_duty(publication, *node, NodeDuty::hold, node->name + " may hold copies");
    const bool remove = request.action == AdminAction::remove;
    // What a dead node had is made elsewhere in any case, as far as there is room.
    if (!remove || node->state != NodeState::down)
        if (auto objection = objection_to_drain(map, *node)) return {ErrorCode::refused, std::move(*objection)};
    if (!remove && node->duty == NodeDuty::leave) return {{}, node->name + " is to leave, and gives its copies away"};
    return set_duty(publication, *node, remove ? NodeDuty::leave : NodeDuty::drain,
                    node->name + (remove ? " is to leave: its copies move away, and it is forgotten once it is down"
                                         : " is drained: its copies move away"));
}

Verdict change_settings(Publication& publication, const Administer& request) {
    ClusterSettings settings = publication.map().settings;
    Pace& pace = settings.pace;
    pace.repair_after = request.repair_after.value_or(pace.repair_after);
    pace.max_bytes_per_second = request.max_bytes_per_second.value_or(pace.max_bytes_per_second);
    pace.max_moves_per_node = request.max_moves_per_node.value_or(pace.max_moves_per_node);
    pace.max_moves_per_second = request.max_moves_per_second.value_or(pace.max_moves_per_second);
    if (pace.repair_after < Duration::zero()) return invalid("repair_after cannot be negative");
    if (pace.max_bytes_per_second < Pace::least_bytes_per_second)
        return invalid("rebalance.max_bytes_per_second must be at least 1KiB");
    if (pace.max_moves_per_node < 1 || pace.max_moves_per_node > Pace::most_moves_per_node)
        return invalid("rebalance.max_moves_per_node must be from 1 to " + std::to_string(Pace::most_moves_per_node));
    if (pace.max_moves_per_second < 1 || pace.max_moves_per_second > Pace::most_moves_per_second)
        return invalid("rebalance.max_moves_per_second must be from 1 to " +
                       std::to_string(Pace::most_moves_per_second));
    if (pace == publication.map().settings.pace) return {{}, "nothing to change"};
    publication.log_when_durable(LogLevel::info, "an operator has changed the settings");
    publication.put(std::move(settings));
    return {{}, "changed"};
}

Verdict resume_repair(Publication& publication) {
    ClusterSettings settings = publication.map().settings;
    if (!more_than_half_absent(publication.map())) return {{}, "nothing was held up: most nodes are up"};
    if (settings.repair_regardless) return {{}, "copies are made already"};
    settings.repair_regardless = true;
    publication.log_when_durable(LogLevel::warning, "an operator has copies made although most nodes are down");
    publication.put(std::move(settings));
    return {{}, "copies are made again, although more than half of the nodes are down"};
}

Verdict reset_lost(Time now, Publication& publication, Membership& membership, const Administer& request) {
    const Duration clock = publication.events().wall(now);
    ResetVerdict verdict = reset_partitions(publication, membership, clock, request.to_reset);
    if (verdict.objection) return {ErrorCode::refused, std::move(*verdict.objection)};
    if (!verdict.reset.empty())
        publication.log_when_durable(LogLevel::error, "an operator has partitions begun anew that lost their members",
                                     {{"partitions", std::to_string(verdict.reset.size())}});
    return {{}, std::move(verdict.text)};
}

Verdict carry_out(Time now, Publication& publication, Membership& membership, const Administer& request) {
    switch (request.action) {
        case AdminAction::drain:
        case AdminAction::undrain:
        case AdminAction::remove: return change_duty(publication, request);
        case AdminAction::change_settings: return change_settings(publication, request);
        case AdminAction::resume_repair: return resume_repair(publication);
        case AdminAction::reset_partitions: return reset_lost(now, publication, membership, request);
    }
    return invalid("an action that this registry does not know");
}

}  // namespace

void administer(Time now, Publication& publication, Membership& membership, const Origin& from,
                const Administer& request) {
    Verdict verdict = carry_out(now, publication, membership, request);
    if (verdict.error) publication.log(LogLevel::info, "an operator's request was refused: " + verdict.text);
    publication.send_when_durable(
        from.address, from.node,
        AdministerAnswer{request.request, verdict.error, std::move(verdict.text), publication.coming_epoch()});
}

ClusterSettings resumed_settings(const ClusterSettings& kept, ClusterSettings configured) {
    configured.id = kept.id;
    configured.repair_regardless = kept.repair_regardless;
    configured.last_forgotten = kept.last_forgotten;
    configured.partitions_reset = kept.partitions_reset;
    configured.configured_pace = configured.pace;
    const auto keep = [](auto& value, const auto& then, const auto& now) {
        if (value == then) value = now;
    };
    const Pace& then = kept.configured_pace;
    keep(configured.pace.repair_after, then.repair_after, kept.pace.repair_after);
    keep(configured.pace.max_bytes_per_second, then.max_bytes_per_second, kept.pace.max_bytes_per_second);
    keep(configured.pace.max_moves_per_node, then.max_moves_per_node, kept.pace.max_moves_per_node);
    keep(configured.pace.max_moves_per_second, then.max_moves_per_second, kept.pace.max_moves_per_second);
    return configured;
}

}  // namespace ringkv::registry
