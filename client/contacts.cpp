#include "client/contacts.hpp"

#include <algorithm>

namespace ringkv {

namespace {

using std::chrono::milliseconds;

constexpr Duration first_pause = milliseconds(5);
constexpr Duration longest_pause = milliseconds(100);

}  // namespace

bool Contacts::heard(Time now, const std::string& endpoint) {
    if (latest_ != heard_.end() && latest_->first == endpoint) {
        latest_->second = now;
        return false;
    }
    const auto [place, first] = heard_.insert_or_assign(endpoint, now);
    latest_ = place;
    if (first) reaching_.erase(endpoint);
    return first;
}

void Contacts::silent_since(Time sent, const std::string& endpoint) {
    const auto place = heard_.find(endpoint);
    if (place == heard_.end() || place->second > sent) return;
    heard_.erase(place);
    latest_ = heard_.end();
}

void Contacts::reach(Time now, Time until, const std::string& endpoint) {
    Reaching& reaching = reaching_.try_emplace(endpoint, Reaching{now, until, first_pause, 0}).first->second;
    reaching.until = std::max(reaching.until, until);
}

std::vector<Contacts::Knock> Contacts::knocks(Time now) {
    std::vector<Knock> due;
    for (auto at = reaching_.begin(); at != reaching_.end();) {
        Reaching& reaching = at->second;
        if (now >= reaching.until) {
            at = reaching_.erase(at);
            continue;
        }
        if (now >= reaching.next) {
            due.push_back({at->first, reaching.count++});
            reaching.next = now + reaching.pause;
            reaching.pause = std::min(reaching.pause * 2, longest_pause);
        }
        ++at;
    }
    return due;
}

}  // namespace ringkv
