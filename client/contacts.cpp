#include "client/contacts.hpp"

#include <algorithm>
#include <tuple>

#include "common/check.hpp"

namespace ringkv {

namespace {

using std::chrono::milliseconds;

constexpr Duration first_pause = milliseconds(5);
constexpr Duration longest_pause = milliseconds(100);
// Connections that were not used for five minutes are closed, and what makes a new one may be lost: it shall be a
// knock.
constexpr Duration idle = std::chrono::minutes(2);

}  // namespace

// ---------------------------------------------------------------- one endpoint

bool Contact::reached(Time now) const {
    return talks_ && now - heard_ < idle;
}

Contact::Heard Contact::heard(Time now, NodeId node, StartNumber start, std::uint32_t minor) {
    minor_ = minor;
    const bool begins = !reached(now);
    // A late word of an earlier process is no news of a later one.
    const bool restarted = !start_.none() && std::tie(node, start) > std::tie(node_, start_);
    if (start_.none() || restarted) std::tie(node_, start_) = std::tie(node, start);
    heard_ = now;
    talks_ = true;
    if (begins || restarted) since_ = now;
    return restarted ? Heard::restarted : begins ? Heard::begins : Heard::on;
}

Time Contact::lost_at(Time sent, std::uint64_t nth) const {
    Duration takes = std::max(settings_.lost, smoothed_ + 4 * variation_);
    for (std::uint64_t i = 1; i < nth && takes < settings_.longest_lost; ++i)
        takes = std::min(takes * 2, settings_.longest_lost);
    return std::max(sent + takes, since_ + settings_.patience);
}

void Contact::took(Duration time) {
    if (!timed_) {
        timed_ = true;
        smoothed_ = time;
        variation_ = time / 2;
        return;
    }
    const Duration off = time > smoothed_ ? time - smoothed_ : smoothed_ - time;
    variation_ += (off - variation_) / 4;
    smoothed_ += (time - smoothed_) / 8;
}

void Contact::brought(std::size_t bytes) {
    expected_answer_ += bytes / 8;
    expected_answer_ -= expected_answer_ / 8;
}

void Contact::release(std::size_t bytes) {
    RINGKV_CHECK(bytes <= outstanding_, "more bytes were given back than were taken");
    outstanding_ -= bytes;
}

// ---------------------------------------------------------------- all of them

Contact& Contacts::at(const std::string& endpoint) {
    return contacts_.try_emplace(endpoint, endpoint, settings_).first->second;
}

Contact& Contacts::at(const Route& route) {
    if (by_route_.size() <= route.number) by_route_.resize(route.number + 1);
    Contact*& contact = by_route_[route.number];
    if (contact == nullptr) contact = &at(route.endpoint);
    return *contact;
}

Contact& Contacts::at(const Origin& from) {
    const Endpoint& endpoint = from.address.endpoint;
    if (latest_ == nullptr || !latest_text_.same(endpoint)) {
        latest_ = &at(endpoint.text());
        latest_text_ = endpoint;
    }
    return *latest_;
}

Contact::Heard Contacts::heard(Time now, const Origin& from) {
    Contact& contact = at(from);
    const Contact::Heard what = contact.heard(now, from.node, from.start, from.minor);
    if (what != Contact::Heard::on) reaching_.erase(contact.endpoint());
    return what;
}

void Contacts::reach(Time now, Time until, const Contact& contact) {
    Reaching& reaching = reaching_.try_emplace(contact.endpoint(), Reaching{now, until, first_pause, 0}).first->second;
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

void Contacts::abandon(RequestId attempt, Contact& contact, std::size_t bytes, Time until) {
    abandoned_.emplace(attempt, Abandoned{&contact, bytes, until});
    next_expiry_ = std::min(next_expiry_, until);
}

Contact* Contacts::answered(RequestId attempt) {
    if (abandoned_.empty()) return nullptr;
    const auto found = abandoned_.find(attempt);
    if (found == abandoned_.end()) return nullptr;
    Contact* const contact = found->second.contact;
    contact->release(found->second.bytes);
    abandoned_.erase(found);
    return contact;
}

void Contacts::forget(const Contact& contact) {
    std::erase_if(abandoned_, [&](const auto& item) {
        const Abandoned& abandoned = item.second;
        if (abandoned.contact != &contact) return false;
        abandoned.contact->release(abandoned.bytes);
        return true;
    });
}

std::vector<Contact*> Contacts::expire(Time now) {
    std::vector<Contact*> roomy;
    if (now < next_expiry_) return roomy;
    next_expiry_ = Time::max();
    std::erase_if(abandoned_, [&](const auto& item) {
        const Abandoned& abandoned = item.second;
        if (now < abandoned.until) {
            next_expiry_ = std::min(next_expiry_, abandoned.until);
            return false;
        }
        abandoned.contact->release(abandoned.bytes);
        roomy.push_back(abandoned.contact);
        return true;
    });
    return roomy;
}

}  // namespace ringkv
