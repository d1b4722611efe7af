// One operator's command at a time, behind the actor's door: the newest map, a change asked of the registry, or what
// the nodes hold. Pure.
//
// How a task goes:
//   begin -> ask for the map until a registry confirms the newest (or, for what is only asked, a node does)
//     -> a change, events, or the condition of nodes: asked of that registry until it answers
//     -> holdings, or figures: asked of every shard of every node that is up, until all have answered or patience is
//     over
//     -> deadline: unavailable, or outcome_unknown if a registry may have got the change
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/load.hpp"
#include "client/map_finder.hpp"
#include "client/plan.hpp"
#include "client/ring_cache.hpp"
#include "common/actor.hpp"

namespace ringkv {

// The newest map; afterwards AdminActor::map() is it.
struct FetchMapTask {};
// What only a registry answers. Its request number is given to it here.
struct RegistryTask {
    std::variant<Administer, EventsRequest, ConditionRequest> question;
};
struct HoldingsTask {};
struct FiguresTask {};
using AdminTask = std::variant<FetchMapTask, RegistryTask, HoldingsTask, FiguresTask>;

// Of FetchMapTask, of the registry's questions, of holdings and figures; of these only nodes all of whose shards have
// answered.
using AdminOutcome = std::variant<std::monostate, AdministerAnswer, EventsAnswer, ConditionAnswer,
                                  std::vector<NodeHoldings>, std::vector<NodeFigures>>;

class AdminActor final : public Actor {
  public:
    explicit AdminActor(std::vector<std::string> registries) : finder_(std::move(registries)) {}

    // Precondition: finished().
    void begin(Time now, AdminTask task, Time deadline);
    // Precondition: finished(), and a task was begun since the last call.
    [[nodiscard]] Result<AdminOutcome> take_result();

    [[nodiscard]] const ClusterMap& map() const { return cache_.map(); }

    void receive(Time now, const Origin& from, Message message) override;
    void tick(Time now) override;
    void durable(Time, BatchNumber) override {}
    [[nodiscard]] Effects take_effects() override;
    [[nodiscard]] Identity identity() const override { return {.cluster = cache_.cluster(), .node = {}, .start = {}}; }
    // No task is under way.
    [[nodiscard]] bool finished() const override { return !task_; }

  private:
    // A shard that is asked what it holds.
    struct Asked {
        NodeId node;
        std::string endpoint;
        RequestId request;
        std::variant<std::monostate, HoldingsAnswer, FiguresAnswer> answer;

        [[nodiscard]] bool answered() const { return answer.index() != 0; }
    };

    void on(const Origin& from, MapSnapshot& answer);
    void on(const Origin& from, CurrentEpoch& beacon);
    void on(const Origin& from, AdministerAnswer& answer);
    void on(const Origin& from, HoldingsAnswer& answer);
    void on(const Origin& from, FiguresAnswer& answer);
    void on(const Origin& from, EventsAnswer& answer);
    void on(const Origin& from, ConditionAnswer& answer);
    // It is the answer to what this task asks.
    template <class Question, class Answer>
    [[nodiscard]] bool answers(const Answer& answer) const;
    template <class Answer>
    void of_a_shard(const Origin& from, Answer& answer);
    void on(const Origin& from, FrameRefused& answer);
    void confirmed(const Origin& from);

    // What the registry must be able to tell, and is of an older release.
    [[nodiscard]] std::optional<Error> too_old() const;
    // Absent: this task asks the registry nothing of that kind.
    template <class Question>
    [[nodiscard]] const Question* asks() const;
    // Only a registry can answer.
    [[nodiscard]] bool for_a_registry() const;
    // All shards are asked.
    [[nodiscard]] bool for_shards() const;
    [[nodiscard]] bool map_is_new(Time now) const;
    void ask_for_map(Time now);
    void ask_registries();
    void list_shards();
    void ask_shards();
    void act(Time now);
    [[nodiscard]] AdminOutcome gathered() const;
    [[nodiscard]] std::vector<NodeHoldings> gathered_holdings() const;
    [[nodiscard]] std::vector<NodeFigures> gathered_figures() const;
    void finish(Result<AdminOutcome> result);
    void send(const std::string& endpoint, NodeId to, Message message);
    [[nodiscard]] Error timed_out() const;

    RingCache cache_;
    MapFinder finder_;
    RequestId last_request_;
    Epoch wanted_;  // the map that shows the last change is at least of this epoch

    std::optional<AdminTask> task_;
    std::optional<Result<AdminOutcome>> result_;
    Time begun_{}, deadline_{}, next_{};
    Duration pause_{};
    std::vector<std::string> registries_;  // that have confirmed the map for this task
    std::uint32_t registry_minor_ = 0;     // of the newest of them, the protocol's minor version
    bool node_confirmed_ = false;
    bool acting_ = false;
    Time patience_over_{};  // where shards are asked
    std::vector<Asked> asked_;
    bool heard_unformed_ = false;
    std::optional<FrameRefused> refused_;
    Effects effects_;
};

}  // namespace ringkv
