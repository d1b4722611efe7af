#include "tests/benchmarks/scale_run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "common/edge/system/clock.hpp"
#include "common/placement/planning.hpp"
#include "local/operator.hpp"
#include "tests/benchmarks/node_farm.hpp"

namespace ringkv::benchmarks {

namespace {

double milliseconds_of(Duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

// What is where it should be, and nothing is being moved.
bool settled(const ClusterMap& map, std::size_t nodes_up) {
    const auto up =
        std::count_if(map.nodes.begin(), map.nodes.end(), [](const auto& node) { return node.second.up(); });
    if (!map.formed() || static_cast<std::size_t>(up) != nodes_up) return false;
    return std::all_of(map.partitions.begin(), map.partitions.end(), [&](const PartitionState& state) {
        const std::vector<NodeId>& members = state.view.members;
        return state.learners.empty() && state.view.primary == state.target.front() &&
               members.size() == std::min<std::size_t>(map.settings.replication, nodes_up) &&
               std::is_permutation(members.begin(), members.end(), state.target.begin(), state.target.end());
    });
}

std::size_t copies_at(const ClusterMap& map, NodeId node) {
    return static_cast<std::size_t>(std::count_if(map.partitions.begin(), map.partitions.end(),
                                                  [&](const auto& state) { return state.view.has(node); }));
}

std::string name_of_node(unsigned number) {
    return fmt::format("node-{:04}", number);
}

class Run {
  public:
    Run(const ScaleOptions& options, const std::function<void(const std::string&)>& say)
        : options_(options),
          say_(say),
          registry_(with_size(options)),
          operator_(registry_.endpoint()),
          farm_(registry_.endpoint(), options.turn_interval) {
        farm_.on_request = [this](Time now, const Message& message) {
            if (std::holds_alternative<MapRequest>(message)) ++maps_asked_for_;
            if (const auto* propose = std::get_if<Propose>(&message)) saw(now, *propose);
        };
        farm_.on_delta = [this](Time, const MapDelta& delta) { saw(delta); };
        farm_.on_log = [this](const std::string& node, const LogLine& line) {
            if (line.level < LogLevel::warning) return;
            complaints_.push_back(node + ": " + line.text);
            if (complaints_.size() > 10) complaints_.pop_front();
        };
    }

    ScaleFigures all() {
        const Time begin = boot_time();
        const Duration used_before = processor_time(::getpid());
        form();
        figures_.after_formation = memory_of(registry_.pid());
        rest();
        for (unsigned i = 0; i < options_.deaths; ++i) die(name_of_node(options_.nodes / 2 + i + 1));
        join();
        drain();
        figures_.options = options_;
        figures_.at_the_end = memory_of(registry_.pid());
        figures_.own_processor = processor_time(::getpid()) - used_before;
        figures_.took = boot_time() - begin;
        figures_.lost = farm_.lost();
        return figures_;
    }

  private:
    struct Mark {
        Time at;
        Duration processor;
        Epoch epoch;
        std::uint64_t bytes;
        std::uint64_t maps_asked_for;
    };
    // The first proposal after a death.
    struct FirstProposal {
        Time sent;
        std::map<PartitionId, ViewId> awaited;  // views that are not published yet
        Epoch epoch;                            // which published the last of them
    };

    static RegistrySettings with_size(const ScaleOptions& options) {
        RegistrySettings settings = options.registry;
        settings.form_with = options.nodes;
        return settings;
    }

    Mark mark() {
        return {boot_time(), processor_time(registry_.pid()), farm_.newest_map().epoch, farm_.published().bytes,
                maps_asked_for_};
    }

    Cost cost_since(const Mark& begin) {
        const Mark now = mark();
        Cost cost{now.at - begin.at,
                  now.processor - begin.processor,
                  now.epoch.value() - begin.epoch.value(),
                  now.bytes - begin.bytes,
                  0,
                  now.maps_asked_for - begin.maps_asked_for};
        cost.bytes_a_subscriber = static_cast<double>(cost.bytes_published) / static_cast<double>(farm_.size());
        return cost;
    }

    void wait(const std::string& what, const std::function<bool()>& condition) {
        if (farm_.run_until(options_.patience, condition)) return;
        (void)registry_.pid();
        std::string text = fmt::format("{} nodes: never came: {}", options_.nodes, what);
        for (const std::string& complaint : complaints_) text += "\n    " + complaint;
        throw std::runtime_error(text);
    }

    // The whole map is looked at only when it has moved on: that costs as much as several nodes' turns.
    void wait_until_settled(const std::string& what) {
        std::optional<Epoch> seen;
        bool in_place = false;
        wait(what + ", everything in its place", [&] {
            const ClusterMap& map = farm_.newest_map();
            if (seen != map.epoch) in_place = settled(map, farm_.size());
            seen = map.epoch;
            return in_place && farm_.known_everywhere() == map.epoch && farm_.all_served();
        });
    }

    void form() {
        const Mark begin = mark();
        for (unsigned number = 1; number <= options_.nodes; ++number) add(number);
        farm_.add_actor(operator_);
        wait("the cluster forms", [&] { return farm_.newest_map().formed() && !farm_.known_everywhere().none(); });
        figures_.joined = boot_time() - begin.at;
        wait_until_settled("formation");
        figures_.formation = cost_since(begin);
        say_(fmt::format("{} nodes: formed in {:.1f} s, at rest after {:.1f} s", options_.nodes,
                         milliseconds_of(figures_.joined) / 1000, milliseconds_of(figures_.formation.took) / 1000));
    }

    void add(unsigned number) { farm_.add(name_of_node(number), fmt::format("rack-{}", number % options_.racks)); }

    void rest() {
        farm_.run_for(std::chrono::seconds(1));
        const Mark begin = mark();
        farm_.run_for(options_.at_rest);
        figures_.rest = cost_since(begin);
        say_(fmt::format("{} nodes: at rest {:.1f} % of a core", options_.nodes, figures_.rest.load() * 100));
    }

    // ------------------------------------------------------------ a death

    void saw(Time now, const Propose& propose) {
        if (dead_.none() || first_) return;
        FirstProposal first{now, {}, {}};
        const ClusterMap& map = farm_.newest_map();
        for (const Proposal& proposal : propose.proposals)
            if (map.at(proposal.partition).view.has(dead_) && !proposal.view.has(dead_))
                first.awaited[proposal.partition] = proposal.view.id;
        if (!first.awaited.empty()) first_ = first;
    }

    void saw(const MapDelta& delta) {
        if (!first_ || first_->awaited.empty()) return;
        for (const PartitionChange& change : delta.partitions) {
            const auto awaited = first_->awaited.find(change.partition);
            if (awaited != first_->awaited.end() && awaited->second <= change.state.view.id)
                first_->awaited.erase(awaited);
        }
        if (first_->awaited.empty()) first_->epoch = delta.epoch;
    }

    void die(const std::string& name) {
        Death death;
        const NodeId dead = farm_.id_of(name);
        death.partitions = copies_at(farm_.newest_map(), dead);
        const Mark begin = mark();
        farm_.kill(name);
        dead_ = dead;
        wait("the first proposal after " + name + "'s death", [&] { return first_.has_value(); });
        death.first_proposal = first_->sent - begin.at;
        wait("its epoch in every map",
             [&] { return !first_->epoch.none() && farm_.known_everywhere() >= first_->epoch; });
        death.applied = boot_time() - first_->sent;
        wait("views without " + name + " in every map", [&] {
            const ClusterMap& map = farm_.newest_map();
            return copies_at(map, dead) == 0 && farm_.known_everywhere() == map.epoch;
        });
        death.all_partitions = boot_time() - first_->sent;
        if (const Arrival* arrival = farm_.arrival(first_->epoch); arrival != nullptr) {
            death.published = arrival->first - first_->sent;
            // Where a subscriber has missed it, and asked for the map: when that had come.
            death.received = arrival->subscribers == farm_.size() ? arrival->last - first_->sent : death.applied;
        }
        death.fail_over = cost_since(begin);
        const Mark failed_over = mark();
        dead_ = {};
        first_.reset();
        wait_until_settled("repair after " + name + "'s death");
        death.repair = cost_since(failed_over);
        figures_.deaths.push_back(death);
        say_(
            fmt::format("{} nodes: {} dies with {} copies: first proposal after {:.0f} ms, everywhere {:.1f} ms later, "
                        "all fail over in {:.0f} ms, repaired after {:.1f} s",
                        options_.nodes, name, death.partitions, milliseconds_of(death.first_proposal),
                        milliseconds_of(death.received), milliseconds_of(death.all_partitions),
                        milliseconds_of(death.repair.took) / 1000));
    }

    // ------------------------------------------------------------ changes that are wanted

    void join() {
        const std::string name = name_of_node(options_.nodes + 1);
        const Mark begin = mark();
        add(options_.nodes + 1);
        wait(name + " in every map", [&] {
            const ClusterMap& map = farm_.newest_map();
            return map.find(std::string_view(name)) != nullptr && farm_.known_everywhere() == map.epoch;
        });
        figures_.join.known = boot_time() - begin.at;
        wait("a share for " + name, [&] { return partitions_at(farm_.newest_map(), farm_.id_of(name)) > 0; });
        wait_until_settled(name + " has its share");
        figures_.join.cost = cost_since(begin);
        figures_.join.copies = copies_at(farm_.newest_map(), farm_.id_of(name));
        say_(fmt::format("{} nodes: one joins: in every map after {:.0f} ms, {} copies in {:.1f} s", options_.nodes,
                         milliseconds_of(figures_.join.known), figures_.join.copies,
                         milliseconds_of(figures_.join.cost.took) / 1000));
    }

    void drain() {
        const std::string name = name_of_node(1);
        const NodeId leaver = farm_.id_of(name);
        figures_.drain.copies = copies_at(farm_.newest_map(), leaver);
        const Mark begin = mark();
        std::optional<AdministerAnswer> answer;
        operator_.ask(AdminAction::drain, name, [&](const AdministerAnswer& given) { answer = given; });
        wait("an answer to drain " + name, [&] { return answer.has_value(); });
        if (answer->error) throw std::runtime_error("drain " + name + " was refused: " + answer->text);
        wait("the drain in every map", [&] { return farm_.known_everywhere() >= answer->epoch; });
        figures_.drain.known = boot_time() - begin.at;
        wait(name + " is empty", [&] { return partitions_at(farm_.newest_map(), leaver) == 0; });
        wait_until_settled(name + " is drained");
        figures_.drain.cost = cost_since(begin);
        say_(fmt::format("{} nodes: one is drained: in every map after {:.0f} ms, {} copies in {:.1f} s",
                         options_.nodes, milliseconds_of(figures_.drain.known), figures_.drain.copies,
                         milliseconds_of(figures_.drain.cost.took) / 1000));
    }

    const ScaleOptions options_;
    const std::function<void(const std::string&)>& say_;
    RegistryProcess registry_;
    local::Operator operator_;
    NodeFarm farm_;
    ScaleFigures figures_;
    std::uint64_t maps_asked_for_ = 0;
    NodeId dead_;  // whose views are being replaced
    std::optional<FirstProposal> first_;
    std::deque<std::string> complaints_;  // the newest of the nodes' warnings
};

}  // namespace

ScaleFigures run_scale(const ScaleOptions& options, const std::function<void(const std::string&)>& say) {
    return Run(options, say).all();
}

}  // namespace ringkv::benchmarks
