#include "node/slow_log.hpp"

#include <utility>

namespace ringkv {

namespace {

std::string milliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

void SlowLog::add(Time now, std::string text, EventLog::Fields fields) {
    if (now - second_ >= std::chrono::seconds(1)) {
        second_ = now;
        lines_ = 0;
    }
    if (lines_ == most_lines) {
        ++left_out_;
        return;
    }
    ++lines_;
    if (left_out_ > 0) fields.emplace_back("left_out", std::to_string(std::exchange(left_out_, 0)));
    events_.add(LogLevel::warning, std::move(text), std::move(fields));
}

void SlowLog::add_request(Time now, RequestKind kind, EventLog::Fields fields) {
    ++counters_.of(kind).slow;
    fields.emplace_back("kind", name_of(kind));
    add(now, "slow request", std::move(fields));
}

void SlowLog::add_disk(Time now, Duration took, PartitionId partition, const View& view, const Entry& first) {
    add(now, "the disk is slow to store what is replicated",
        {field(first.client),
         {"sequence", std::to_string(first.sequence.value())},
         field(partition),
         field(view),
         field("took_ms", took)});
}

void SlowLog::add_read(Time now, PartitionId partition, const Request& read) {
    EventLog::Fields fields{field(read.id()), field(partition), field("took_ms", now - read.began),
                            field("queued_ms", read.arrived - read.began), field("waited_ms", now - read.arrived)};
    if (!read.waited_for.empty()) fields.emplace_back("waited_for", read.waited_for);
    add_request(now, read.kind(), std::move(fields));
}

void SlowCommit::came(Time now, NodeId node) {
    for (Part& part : parts_)
        if (part.node == node && !part.at) part.at = now;
}

std::string SlowCommit::told(Time since, const ClusterMap& map) const {
    std::string text;
    for (const Part& part : parts_) {
        if (part.at && *part.at <= since) continue;
        const NodeInfo* const info = map.find(part.node);
        if (!text.empty()) text += ", ";
        text += part.node.none() ? "disk" : info != nullptr ? info->name : std::to_string(part.node.value());
        // A node that is no member any more is not waited for.
        text += part.at ? ' ' + milliseconds(*part.at - since) + " ms" : " never";
    }
    return text;
}

std::pair<std::string, std::string> field(RequestId request) {
    return {"request", to_hex(request.value())};
}

std::pair<std::string, std::string> field(ClientId client) {
    return {"client", to_hex(client.value())};
}

std::pair<std::string, std::string> field(std::string name, Duration duration) {
    return {std::move(name), milliseconds(duration)};
}

}  // namespace ringkv
