#include "tests/world/describe.hpp"

#include <fmt/format.h>

#include <array>

#include "common/refusal_reason.hpp"

namespace ringkv::simulation {

namespace {

template <class Tag, class Rep>
Rep number(StrongId<Tag, Rep> id) {
    return id.value();
}

std::string part(PartitionId partition) {
    return fmt::format("p{}", partition.value());
}

std::string entries(OpNumber first, std::size_t count) {
    if (count == 0) return "";
    if (count == 1) return fmt::format(" op {}", number(first));
    return fmt::format(" op {}..{}", number(first), number(first) + count - 1);
}

std::string status(WriteStatus status) {
    switch (status) {
        case WriteStatus::done: return "done";
        case WriteStatus::condition_failed: return "condition failed";
        case WriteStatus::not_found: return "not found";
    }
    return "?";
}

std::string epoch(Generation generation, Epoch epoch) {
    return generation.value() <= 1 ? fmt::format("epoch {}", epoch.value())
                                   : fmt::format("g{} epoch {}", generation.value(), epoch.value());
}

// One overload a message; the name is put before it by describe().
struct Body {
    const NameOfNode& name;

    [[nodiscard]] std::string text_of(const View& view) const { return describe(view, name); }

    std::string operator()(const Write& m) const {
        std::string what = m.value ? fmt::format("{}={}", quote(m.key), quote(*m.value)) : "erase " + quote(m.key);
        if (m.expected) what += fmt::format(" if {}", number(*m.expected));
        return fmt::format("{} {} #{}{}", part(m.partition), what, number(m.sequence),
                           m.ack == Ack::primary ? " ack=primary" : "");
    }
    std::string operator()(const WriteAnswer& m) const {
        if (m.status == WriteStatus::done && m.version.none()) return "done";
        return fmt::format("{} version {}", status(m.status), number(m.version));
    }
    std::string operator()(const Get& m) const {
        return fmt::format("{} {}{}", part(m.partition), quote(m.key), m.stale ? " stale" : "");
    }
    std::string operator()(const GetAnswer& m) const {
        return m.value ? fmt::format("{} version {}", quote(*m.value), number(m.version)) : "absent";
    }
    std::string operator()(const Scan& m) const {
        return fmt::format("{} prefix {}{}", part(m.partition), quote(m.prefix), m.stale ? " stale" : "");
    }
    std::string operator()(const ScanAnswer& m) const {
        return fmt::format("{} records{}", m.records.size(), m.more ? ", more" : "");
    }
    std::string operator()(const NotPrimary& m) const {
        return fmt::format("{} {}{}", part(m.partition), m.view.id.none() ? "no view" : text_of(m.view),
                           m.maybe_appended ? ", maybe appended" : "");
    }
    std::string operator()(const RequestRefused& m) const {
        return fmt::format("{}{}{}", ringkv::name_of(m.reason), m.text.empty() ? "" : ": ", m.text);
    }
    std::string operator()(const FrameRefused& m) const {
        return fmt::format("{}: {}", ringkv::to_string(m.code), m.text);
    }
    std::string operator()(const MapRequest& m) const { return "has " + epoch(m.generation, m.epoch); }
    std::string operator()(const MapSnapshot& m) const { return epoch(m.map.generation, m.map.epoch); }
    std::string operator()(const MapDelta& m) const {
        std::string text = epoch(m.generation, m.epoch);
        for (const NodeInfo& node : m.nodes) text += fmt::format(" {}={}", node.name, ringkv::to_string(node.state));
        for (const PartitionChange& change : m.partitions) {
            text += fmt::format(" {} {}", part(change.partition), text_of(change.state.view));
            for (const NodeId learner : change.state.learners) text += " learner " + name(learner);
        }
        return text;
    }
    std::string operator()(const CurrentEpoch& m) const { return epoch(m.generation, m.epoch); }
    std::string operator()(const Join& m) const { return fmt::format("{} rack {}", m.name, m.rack); }
    std::string operator()(const JoinAnswer& m) const { return "you are " + name(m.id); }
    std::string operator()(const JoinWaiting& m) const { return fmt::format("{} of {}", m.present, m.needed); }
    std::string operator()(const JoinRefused& m) const { return m.text + (m.retry ? ", retry" : ""); }
    std::string operator()(const Heartbeat& m) const {
        return epoch(m.generation, m.epoch) + (m.stopping ? " stopping" : "");
    }
    std::string operator()(const HeartbeatAnswer& m) const {
        return epoch(m.generation, m.epoch) + (m.known ? "" : " unknown, join again");
    }
    std::string operator()(const Propose& m) const {
        std::string text;
        for (const Proposal& proposal : m.proposals) {
            text += fmt::format("{}{} {}", text.empty() ? "" : "; ", part(proposal.partition), text_of(proposal.view));
        }
        return text;
    }
    std::string operator()(const ProposeAnswer& m) const {
        std::string text;
        for (const ProposalOutcome& outcome : m.outcomes) {
            text += fmt::format("{}{} {}: {}", text.empty() ? "" : "; ", part(outcome.partition),
                                outcome.accepted ? "accepted" : "refused", text_of(outcome.state.view));
        }
        return text;
    }
    std::string operator()(const Beacon& m) const {
        std::string text = fmt::format("list {}", m.list);
        if (m.claims) {
            text += " claims";
            for (const Claim& claim : *m.claims)
                text += fmt::format(" {}:{}", part(claim.partition), claim.view.to_string());
        }
        if (m.base != 0) text += fmt::format(" after {}", m.base);
        for (const Claim& claim : m.changes)
            text += fmt::format(" {}:{}", part(claim.partition), claim.view.none() ? "-" : claim.view.to_string());
        return text + (m.cut_off ? " cut off" : "");
    }
    std::string operator()(const BeaconAnswer& m) const {
        std::string text = m.unknown_list ? "unknown list" : "granted";
        for (const Claim& claim : m.others) {
            text += fmt::format(" but {}:{}", part(claim.partition), claim.view.to_string());
        }
        return text;
    }
    std::string operator()(const Prepare& m) const {
        return fmt::format("{} {}{} commit {}{}", part(m.partition), m.view.to_string(),
                           entries(m.first, m.entries.size()), number(m.commit), m.announce ? " announces" : "");
    }
    std::string operator()(const PrepareOk& m) const {
        return fmt::format("{} {} op {}{}", part(m.partition), m.view.to_string(), number(m.op), m.gap ? " gap" : "");
    }
    std::string operator()(const ReplicationBatch& m) const {
        std::string text;
        for (const Prepare& prepare : m.prepares) text += (text.empty() ? "" : "; ") + (*this)(prepare);
        for (const PrepareOk& answer : m.acknowledgements) text += (text.empty() ? "ok " : "; ok ") + (*this)(answer);
        return text;
    }
    std::string operator()(const NewerView& m) const {
        return fmt::format("{} {}", part(m.partition), text_of(m.view));
    }
    std::string operator()(const StartView& m) const {
        return fmt::format("{} {} base {}{} commit {}", part(m.partition), text_of(m.view), number(m.base),
                           entries(m.base.next(), m.entries.size()), number(m.commit));
    }
    std::string operator()(const StartViewOk& m) const {
        return fmt::format("{} {} op {}{}", part(m.partition), m.view.to_string(), number(m.op), m.gap ? " gap" : "");
    }
    std::string operator()(const StateChunk& m) const {
        return fmt::format("{} {} chunk {} of {} records{}", part(m.partition), m.view.id.to_string(), m.index,
                           m.records.size(),
                           m.end ? fmt::format(", the last, applied {}", number(m.end->applied)) : "");
    }
    std::string operator()(const Administer& m) const {
        static constexpr std::array<std::string_view, 6> actions = {"drain",           "undrain",       "remove",
                                                                    "change settings", "resume repair", "reset"};
        std::string text = fmt::format("{} {}", actions.at(static_cast<std::size_t>(m.action)), m.node);
        for (const PartitionToReset& each : m.to_reset) text += part(each.partition) + " ";
        return text;
    }
    std::string operator()(const AdministerAnswer& m) const { return (m.error ? "refused: " : "done: ") + m.text; }
    std::string operator()(const HoldingsRequest&) const { return {}; }
    std::string operator()(const HoldingsAnswer& m) const { return fmt::format("{} partitions", m.holdings.size()); }
    std::string operator()(const EventsRequest& m) const {
        return m.after ? fmt::format("after {}", m.after->value()) : "the newest";
    }
    std::string operator()(const ConditionRequest&) const { return ""; }
    std::string operator()(const ConditionAnswer& m) const { return fmt::format("{} nodes", m.nodes.size()); }
    std::string operator()(const EventsAnswer& m) const { return fmt::format("{} events", m.events.size()); }
    std::string operator()(const RebuildRequest& m) const {
        return fmt::format("g{}, knows {}", number(m.fence.generation), epoch(m.generation, m.epoch));
    }
    std::string operator()(const RebuildReport& m) const {
        return fmt::format("g{} shard {} of {}: {} views{}", number(m.fence.generation), m.shard, m.shards,
                           m.views.size(), !m.map.nodes.empty() ? ", " + epoch(m.map.generation, m.map.epoch) : "");
    }
    std::string operator()(const Trouble& m) const {
        return fmt::format("shard {} {}{}", m.shard, m.kind == TroubleKind::shard_stuck ? "stuck" : "disk stalled",
                           m.over ? ", over" : "");
    }
    std::string operator()(const FiguresRequest&) const { return {}; }
    std::string operator()(const FiguresAnswer& m) const { return fmt::format("{} puts, {} gets", m.puts, m.gets); }
    std::string operator()(const StateChunkOk& m) const {
        if (m.index == no_chunk)
            return fmt::format("{} {} op {}{}", part(m.partition), m.view.to_string(), number(m.op),
                               m.gap ? " gap" : "");
        return fmt::format("{} {} chunk {}", part(m.partition), m.view.to_string(), m.index);
    }
};

}  // namespace

std::string quote(std::string_view bytes) {
    constexpr std::size_t longest = 40;
    std::string text;
    for (const char c : bytes.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && c != '\\') {
            text += c;
        } else {
            text += fmt::format("\\x{:02x}", byte);
        }
    }
    if (bytes.size() > longest) text += fmt::format("...({} bytes)", bytes.size());
    return text;
}

std::string number_of(NodeId node) {
    return std::to_string(node.value());
}

std::string describe(const std::vector<NodeId>& nodes, const NameOfNode& name) {
    std::string text;
    for (const NodeId node : nodes) text += (text.empty() ? "" : ",") + name(node);
    return text;
}

std::string describe(const View& view, const NameOfNode& name) {
    return fmt::format("{} primary={} members={}{}{}", view.id.to_string(), name(view.primary),
                       describe(view.members, name), view.leadership_transferred ? " leadership transferred" : "",
                       view.begins.none() ? "" : fmt::format(" begins={}", number(view.begins)));
}

std::string describe(const Message& message, const NameOfNode& name) {
    return fmt::format("{} {}", name_of(message), std::visit(Body{name}, message));
}

}  // namespace ringkv::simulation
