#include "registry/edge/events_page.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/utc.hpp"

namespace ringkv::registry {
namespace {

constexpr Duration between_refreshes = std::chrono::milliseconds(100);
// Until the registry has turned.
constexpr Duration patience = std::chrono::seconds(1);

struct Query {
    std::optional<EventId> after;
    std::size_t limit = EventLog::most_answered;
};

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// None: it is not understood.
std::optional<Query> parse(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        const std::size_t equals = std::min(part.find('='), part.size());
        const auto number = number_of(part.substr(std::min(equals + 1, part.size())));
        if (!number) return std::nullopt;
        if (part.substr(0, equals) == "after")
            query.after = EventId(*number);
        else if (part.substr(0, equals) == "limit" && *number >= 1 && *number <= EventLog::most_answered)
            query.limit = *number;
        else
            return std::nullopt;
    }
    return query;
}

nlohmann::ordered_json json_of(const Event& event) {
    nlohmann::ordered_json json{
        {"id", event.id.value()}, {"time", utc_text(event.time)}, {"epoch", event.epoch.value()}, {"kind", event.kind}};
    if (!event.node.empty()) json["node"] = event.node;
    if (event.partition) json["partition"] = event.partition->value();
    if (!event.cause.none()) json["cause"] = event.cause.value();
    json["text"] = event.text;
    if (event.count > 1) json["count"] = event.count;
    return json;
}

}  // namespace

void EventsPage::offer(const EventLog& log) {
    observed_.offer([&] {
        EventsRequest request;
        request.after = EventId(after_.load(std::memory_order_relaxed));
        return log.answer(request);
    });
}

void EventsPage::refresh() {
    if (refreshed_at_ != Time{} && boot_time() - refreshed_at_ < between_refreshes) return;
    const Time until = boot_time() + patience;
    for (bool more = true; more;) {
        observed_.ask();
        if (!observed_.wait_until(until)) break;
        const auto news = observed_.value();
        for (const Event& event : news->events)
            if (events_.empty() || event.id > events_.back().id) events_.push_back(event);
        while (events_.size() > EventLog::most_kept) events_.pop_front();
        if (!events_.empty()) after_.store(events_.back().id.value(), std::memory_order_relaxed);
        more = news->more && boot_time() < until;
    }
    refreshed_at_ = boot_time();
}

HttpAnswer EventsPage::answer(std::string_view query) {
    const auto wanted = parse(query);
    if (!wanted) return {400, "text/plain; charset=utf-8", "?after=ID and ?limit=N (1 to 1000), and no more\n"};
    refresh();
    auto first = wanted->after ? std::ranges::upper_bound(events_, *wanted->after, {}, &Event::id) : events_.begin();
    auto last = events_.end();
    if (const auto many = static_cast<std::size_t>(last - first); many > wanted->limit) {
        if (wanted->after)
            last = first + static_cast<std::ptrdiff_t>(wanted->limit);
        else
            first = last - static_cast<std::ptrdiff_t>(wanted->limit);
    }
    nlohmann::ordered_json page{{"events", nlohmann::ordered_json::array()}};
    for (; first != last; ++first) page["events"].push_back(json_of(*first));
    using Handler = nlohmann::ordered_json::error_handler_t;
    return {200, "application/json", page.dump(-1, ' ', false, Handler::replace) + "\n"};
}

}  // namespace ringkv::registry
