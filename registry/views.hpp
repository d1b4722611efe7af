// Views of partitions change here, by compare-and-swap (protocol.md, V2): what is allowed and removes no live
// member is accepted at once. A proposal that removes a live member waits for a grace, and the rival that keeps most
// members wins; a primary that lives is not deposed twice within a grace. What its proposer does not repeat any more
// is dropped.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/membership.hpp"
#include "registry/publication.hpp"

namespace ringkv::registry {

class Views {
  public:
    // References are kept.
    Views(Publication& publication, const Membership& membership);

    // Does the message build on a view above the one known here? Then this registry's state is old (R2).
    [[nodiscard]] bool is_ahead(const Propose& propose) const;
    // Precondition: the proposer is a node of the map; every partition exists.
    void propose(Time now, const Origin& from, const Propose& propose);
    // The registry did not listen for so long: no proposer could repeat itself.
    void excuse(Duration stall);
    // Decides what waits and hands the answers over. True if a view has changed since the last tick.
    bool tick(Time now);

  private:
    // The proposer's newest request for this partition, and where its answer goes.
    struct Rival {
        NodeId proposer;
        Proposal proposal;
        Address answer_to;
        RequestId request;
        Time heard{};
        std::size_t kept = 0;
    };

    // Rivals of one base, the one that keeps most members first; of equals the earlier.
    struct Contest {
        Time since;
        std::vector<Rival> rivals;
    };

    struct Summary {
        std::size_t primaries = 0, leadership_transferred = 0, removed = 0, added = 0, renewed = 0;
    };

    void propose_one(Time now, Rival rival);
    void enter(Time now, Rival rival);
    // Those that are withdrawn, or that are not allowed any more.
    void drop_rivals(Time now, Contest& contest);
    // Accepts one of the contest if it is time. True: the contest is over.
    bool decide(Time now, PartitionId partition, Contest& contest);
    [[nodiscard]] bool removes_a_live_member(Time now, const Rival& rival) const;
    [[nodiscard]] bool deposes_too_soon(Time now, const Rival& rival) const;
    void accept(Time now, const Rival& rival);
    void answer(const Rival& rival, bool accepted);
    void sum_up(const View& before, const View& after);
    void flush();

    Publication& publication_;
    const Membership& membership_;
    std::map<PartitionId, Contest> contests_;
    std::map<PartitionId, Time> primary_changed_;  // those of the last grace
    std::map<std::pair<Address, RequestId>, std::pair<NodeId, ProposeAnswer>> answers_;
    Summary summary_;
    std::map<std::string_view, std::size_t> objections_;
    bool changed_ = false;
};

}  // namespace ringkv::registry
