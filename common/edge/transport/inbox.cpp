#include "common/edge/transport/inbox.hpp"

#include <algorithm>
#include <utility>

#include "common/edge/system/clock.hpp"
#include "common/look_ahead.hpp"

namespace ringkv {

namespace {
// Usually a whole frame: only the rest of a longer one is read twice, to know that it is good.
constexpr std::size_t messages_a_part = 256;
constexpr std::size_t most_spare = 16;
constexpr std::size_t bytes_beside = sizeof(WaitingFrame) + 128;  // that a frame takes, however small
// What any connection may have waiting, however much others have.
constexpr std::size_t least_share = std::size_t{2} << 20U;
constexpr std::string_view came_too_late = "more comes to the shard than it can do; the request waited for too long";

bool answerable(const WaitingFrame& frame) {
    return frame.origin.address.kind == Address::Kind::connection;
}
std::size_t cost(const WaitingFrame& frame) {
    return frame.body.bytes().size() + bytes_beside;
}
bool of_client(const WaitingFrame& frame) {
    return answerable(frame) && frame.origin.node.none();
}
PeerKind kind_of(const WaitingFrame& frame) {
    return of_client(frame) ? PeerKind::client : PeerKind::server;
}
}  // namespace

Inbox::Inbox(const TransportOptions& options, TransportCounters& counters, const Identity& self, Ways ways)
    : options_(options),
      counters_(counters),
      self_(self),
      ways_(std::move(ways)),
      refusals_(counters, options.coalesce_bytes) {}

std::unique_ptr<WaitingFrame> Inbox::blank() {
    if (spare_.empty()) return std::make_unique<WaitingFrame>();
    auto frame = std::move(spare_.back());
    spare_.pop_back();
    return frame;
}

void Inbox::refuse(const WaitingFrame& frame, const Error& error) {
    std::string refusal = refusals_.of_frame(frame.body.peer(), error);
    // An answer is never answered.
    if (answerable(frame)) ways_.answer(frame.origin.address.connection, std::move(refusal));
}

void Inbox::add(std::unique_ptr<WaitingFrame> frame) {
    frame->begun = frame->late = false;
    frame->next = 0;
    frame->envelope.messages.clear();
    if (const auto good = frame->reader.begin(frame->body.bytes(), options_.limits, frame->envelope); !good)
        return refuse(*frame, good.error());
    Origin& origin = frame->origin;
    const Identity& sender = frame->envelope.sender;
    origin.cluster = sender.cluster;
    origin.node = sender.node;
    origin.start = sender.start;
    origin.to = frame->envelope.to;
    origin.minor = frame->envelope.minor;
    Traffic& traffic = counters_.received(kind_of(*frame));
    ++traffic.frames;
    traffic.bytes += frame->body.bytes().size();
    origin.arrived = {};
    if (!of_client(*frame)) {
        if (servers_bytes_ + cost(*frame) > options_.servers_bytes) {
            ++counters_.overflowed;
            return keep_blank(std::move(frame));
        }
        servers_bytes_ += cost(*frame);
        servers_.push_back(std::move(frame));
        return;
    }
    if (hogs(*frame)) {
        refused_bytes_ += cost(*frame);
        refuse_requests(*frame, "too much waits for the shard, of the connection or of all", false);
        return keep_blank(std::move(frame));
    }
    bytes_ += cost(*frame);
    by_connection_[origin.address.connection] += cost(*frame);
    origin.arrived = boot_time();
    clients_.push_back(std::move(frame));
}

// A quarter of what is left: so that one alone gets a fifth of all, and several less each.
bool Inbox::hogs(const WaitingFrame& frame) const {
    if (bytes_ < least_share) return false;
    if (bytes_ >= options_.waiting_bytes) return true;
    const auto found = by_connection_.find(frame.origin.address.connection);
    if (found == by_connection_.end()) return false;
    return found->second + cost(frame) > std::max(least_share, (options_.waiting_bytes - bytes_) / 4);
}

bool Inbox::refuse_requests(const WaitingFrame& frame, std::string_view why, bool spare_others) {
    Result<Requests> requests = frame.reader.requests();
    if (!requests) {
        refuse(frame, requests.error());
        return true;
    }
    const std::vector<Message>& read = frame.envelope.messages;
    for (std::size_t i = frame.next; i < read.size(); ++i) {
        const auto request = request_of(read[i]);
        if (request) requests->ids.push_back(*request);
        requests->others = requests->others || !request;
    }
    if (requests->others && spare_others) return false;
    refuse_requests(frame, requests->ids, why);
    return true;
}

void Inbox::refuse_requests(const WaitingFrame& frame, const std::vector<RequestId>& requests, std::string_view why) {
    for (std::string& refusal : refusals_.of_requests(self_, requests, why))
        ways_.answer(frame.origin.address.connection, std::move(refusal));
}

// Is a client's frame, or what is left of it, refused?
bool Inbox::refused(WaitingFrame& frame) {
    if (ways_.over_budget(frame.origin.address.connection))
        return refuse_requests(frame, "the connection has too much on the way; read the answers first", false);
    if (frame.late || boot_time() - frame.origin.arrived <= options_.longest_wait) return false;
    frame.late = !refuse_requests(frame, came_too_late, true);
    return !frame.late;
}

void Inbox::hand_over(const Taker& taker) {
    hand_over(servers_, taker);
    hand_over(clients_, taker);
}

void Inbox::hand_over(Queue& queue, const Taker& taker) {
    while (!queue.empty()) {
        WaitingFrame& frame = *queue.front();
        if (of_client(frame) && refused(frame)) {
            done(queue);
            if (taker.enough && taker.enough()) return;
            continue;
        }
        if (!cut(frame, taker)) {
            done(queue);
            continue;
        }
        // With all that its connection has here: they stay in order.
        const Address from = frame.origin.address;
        std::stable_partition(queue.begin(), queue.end(),
                              [&from](const auto& other) { return other->origin.address != from; });
        return;
    }
}

// True: there was enough, and something of the frame is left.
bool Inbox::cut(WaitingFrame& frame, const Taker& taker) {
    std::vector<Message>& messages = frame.envelope.messages;
    std::vector<RequestId> late;
    const auto refuse_late = [&] { refuse_requests(frame, late, came_too_late); };
    while (frame.next < messages.size() || (!frame.reader.finished() && read_on(frame))) {
        while (frame.next < messages.size()) {
            if (taker.ahead)
                look_ahead(frame.next, messages.size(), Actor::look_ahead_steps,
                           [&](std::size_t index, std::size_t step) { taker.ahead(messages[index], step); });
            if (const auto request = frame.late ? request_of(messages[frame.next]) : std::nullopt) {
                late.push_back(*request);
                ++frame.next;
                continue;
            }
            ++counters_.received(kind_of(frame)).messages;
            taker.handler(frame.origin, std::move(messages[frame.next++]));
            if (taker.enough && taker.enough()) {
                refuse_late();
                return true;
            }
        }
    }
    refuse_late();
    return false;
}

// The next part of the frame. Nothing is handed over of one that is malformed anywhere. False: it was refused.
bool Inbox::read_on(WaitingFrame& frame) {
    frame.next = 0;
    Result<void> good = frame.reader.read(messages_a_part, frame.envelope);
    if (good && !std::exchange(frame.begun, true) && !frame.reader.finished()) good = frame.reader.check();
    if (!good) {
        refuse(frame, good.error());
        return false;
    }
    if (frame.envelope.unreadable.empty()) return true;
    std::string refusal = refusals_.of_messages(self_, frame.body.peer(), frame.envelope.unreadable);
    if (answerable(frame)) ways_.answer(frame.origin.address.connection, std::move(refusal));
    return true;
}

void Inbox::done(Queue& queue) {
    auto frame = std::move(queue.front());
    queue.pop_front();
    if (of_client(*frame)) {
        const std::size_t size = cost(*frame);
        bytes_ -= size;
        const auto found = by_connection_.find(frame->origin.address.connection);
        if ((found->second -= size) == 0) by_connection_.erase(found);
    } else {
        servers_bytes_ -= cost(*frame);
    }
    keep_blank(std::move(frame));
}

void Inbox::keep_blank(std::unique_ptr<WaitingFrame> frame) {
    if (spare_.size() >= most_spare) return;
    frame->envelope.messages.clear();
    frame->body.clear();
    spare_.push_back(std::move(frame));
}

}  // namespace ringkv
