// What the client knows of each endpoint of a node: whether it talks, how long its answers take, how many bytes are
// outstanding to it, and which operations wait in line for it. Pure.
//
// A connection that is still being made drops what is sent over it, and so does one to a dead process: an operation is
// sent only to an endpoint that has been heard from lately, and until then a cheap question (MapRequest) goes there
// again and again. So a write that no node can have received ends as "not applied" and not as "outcome unknown".
//
// An endpoint that is slow gets no more for it. What is outstanding to it is bounded in bytes, and all else waits here.
// An endpoint is silent when nothing came from it for a while, whatever was sent to it and when. While it talks, an
// attempt is taken for lost only when it takes much longer than its answers take by now (RFC 6298: the smoothed time
// and four times its variation).
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/operation.hpp"
#include "client/ring_cache.hpp"
#include "common/actor.hpp"
#include "common/time.hpp"

namespace ringkv {

struct ContactSettings {
    std::size_t window = std::size_t{4} << 20U;          // bytes outstanding to one endpoint; one operation may be more
    Duration patience = std::chrono::milliseconds(300);  // an endpoint from which nothing came for so long is silent
    Duration lost = std::chrono::seconds(1);             // an attempt is not lost before; twice as long for the next
    Duration longest_lost = std::chrono::seconds(8);
};

class Contact {
  public:
    Contact(Endpoint endpoint, const ContactSettings& settings) : endpoint_(std::move(endpoint)), settings_(settings) {}
    Contact(const Contact&) = delete;
    Contact& operator=(const Contact&) = delete;

    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

    // Heard from, and not silent since.
    [[nodiscard]] bool talks() const { return talks_; }
    // And lately: the connection is still there.
    [[nodiscard]] bool reached(Time now) const;

    enum class Heard : std::uint8_t {
        on,         // it goes on talking
        begins,     // it was silent, or was never heard
        restarted,  // it is a later process: what an earlier one was sent will have no answer
    };
    Heard heard(Time now, NodeId node, StartNumber start, std::uint32_t minor);
    // The minor version of the protocol that it spoke last.
    [[nodiscard]] std::uint32_t minor() const { return minor_; }
    void fall_silent() { talks_ = false; }

    // When an attempt shows that the endpoint is silent.
    [[nodiscard]] Time silent_at(Time sent) const { return std::max(sent, heard_) + settings_.patience; }
    // When the attempt, the operation's `nth`, counts as lost although the endpoint talks. Just after a silence it gets
    // time for all that it was sent before.
    [[nodiscard]] Time lost_at(Time sent, std::uint64_t nth) const;

    // An answer came, so long after its attempt.
    void took(Duration time);
    // How long answers take by now (smoothed); 0 before the first.
    [[nodiscard]] Duration answer_time() const { return smoothed_; }
    // What an answer to a read brought.
    void brought(std::size_t bytes);
    // So many bytes an answer to a read will bring, as those before it did.
    [[nodiscard]] std::size_t expected_answer() const { return expected_answer_; }

    [[nodiscard]] bool fits(std::size_t bytes) const {
        return outstanding_ == 0 || outstanding_ + bytes <= settings_.window;
    }
    void hold(std::size_t bytes) { outstanding_ += bytes; }
    void release(std::size_t bytes);
    [[nodiscard]] std::size_t outstanding() const { return outstanding_; }

    // The operations that wait, in the order of submission: slots of RequestTracker.
    std::map<OperationId, std::uint32_t> line;

  private:
    const Endpoint endpoint_;  // of all that is sent there
    const ContactSettings& settings_;

    bool talks_ = false;
    Time since_{};  // when it began to
    Time heard_{};  // when last
    NodeId node_;
    StartNumber start_;
    std::uint32_t minor_ = 0;

    Duration smoothed_{}, variation_{};  // of the times that answers take
    bool timed_ = false;

    std::size_t outstanding_ = 0;
    // Before the first answer an estimate that keeps a thousand reads of large values from going out at once.
    std::size_t expected_answer_ = std::size_t{64} << 10U;
};

class Contacts {
  public:
    struct Knock {
        std::string endpoint;
        unsigned count = 0;  // how many before it without an answer
    };

    explicit Contacts(ContactSettings settings) : settings_(settings) {}
    Contacts(const Contacts&) = delete;
    Contacts& operator=(const Contacts&) = delete;

    // Made when it is asked for first; the reference holds for ever.
    [[nodiscard]] Contact& at(const std::string& endpoint);
    [[nodiscard]] Contact& at(const Route& route);
    // The sender's. Cheap while messages of one frame follow each other: they share the endpoint's text.
    [[nodiscard]] Contact& at(const Origin& from);
    // As Contact's.
    Contact::Heard heard(Time now, const Origin& from);

    // Knock there until then, or until it is heard.
    void reach(Time now, Time until, const Contact& contact);
    // Where to knock now.
    [[nodiscard]] std::vector<Knock> knocks(Time now);

    // The operation has ended, or goes elsewhere, but its attempt is still in the endpoint's hands: its bytes count
    // until it is answered, or lost (`until`).
    void abandon(RequestId attempt, Contact& contact, std::size_t bytes, Time until);
    // -> the contact that has room again, or nullptr.
    Contact* answered(RequestId attempt);
    // Nothing that was abandoned there is still in its hands.
    void forget(const Contact& contact);
    // Takes what was abandoned for lost when its time has come. -> the contacts that have room again.
    [[nodiscard]] std::vector<Contact*> expire(Time now);

  private:
    struct Reaching {
        Time next, until;
        Duration pause{};
        unsigned count = 0;
    };
    struct Abandoned {
        Contact* contact;
        std::size_t bytes;
        Time until;
    };

    const ContactSettings settings_;
    std::map<std::string, Contact, std::less<>> contacts_;
    std::vector<Contact*> by_route_;  // by its number; or nullptr
    Endpoint latest_text_;            // of the sender that was looked for last; mostly it is the next one as well
    Contact* latest_ = nullptr;       // its contact
    std::map<std::string, Reaching> reaching_;
    std::map<RequestId, Abandoned> abandoned_;
    Time next_expiry_ = Time::max();  // not after that of any abandoned
};

}  // namespace ringkv
