#include "client/admin_actor.hpp"

#include <algorithm>
#include <utility>

#include "common/check.hpp"
#include "common/message_groups.hpp"
#include "common/protocol_version.hpp"

namespace ringkv {

namespace {

using std::chrono::milliseconds;

// Soon again at first, for a question is lost while a connection is being made.
constexpr Duration first_pause = milliseconds(10);
constexpr Duration longest_pause = milliseconds(200);
// Later than that without an answer of a registry, a node's will do.
constexpr Duration registry_patience = milliseconds(500);
constexpr Duration holdings_patience = std::chrono::seconds(2);

// One of them is not known: then the sum is not.
void add(std::optional<MemoryReport>& sum, const std::optional<MemoryReport>& part) {
    if (!part) sum.reset();
    if (!sum) return;
    sum->data += part->data;
    sum->log += part->log;
    sum->sessions += part->sessions;
    sum->requests += part->requests;
    sum->limit += part->limit;
}

}  // namespace

void AdminActor::begin(Time now, AdminTask task, Time deadline) {
    RINGKV_CHECK(!task_, "one task at a time");
    task_ = std::move(task);
    if (auto* asked = std::get_if<RegistryTask>(&*task_))
        std::visit([this](auto& question) { question.request = last_request_ = last_request_.next(); },
                   asked->question);
    result_.reset();
    begun_ = next_ = now;
    deadline_ = deadline;
    pause_ = first_pause;
    registries_.clear();
    asked_.clear();
    node_confirmed_ = acting_ = heard_unformed_ = false;
    refused_.reset();
}

Result<AdminOutcome> AdminActor::take_result() {
    RINGKV_CHECK(!task_ && result_, "a result is taken once, of a task that is done");
    Result<AdminOutcome> result = std::move(*result_);
    result_.reset();
    return result;
}

Effects AdminActor::take_effects() {
    return std::exchange(effects_, {});
}

void AdminActor::send(const std::string& endpoint, NodeId to, Message message) {
    effects_.sends.push_back({Address::to(endpoint), to, std::move(message)});
}

void AdminActor::finish(Result<AdminOutcome> result) {
    result_.emplace(std::move(result));
    task_.reset();
}

void AdminActor::receive(Time, const Origin& from, Message message) {
    if (!task_) return;
    std::visit(
        [&]<class M>(M& content) {
            if constexpr (MapAnswer<M> || OperatorAnswer<M> || OneOf<M, FrameRefused>)
                on(from, content);
            else  // not for an operator's tool
                static_assert(ClientRequest<M> || ClientAnswer<M> || RegistryRequest<M> || RegistryAnswer<M> ||
                                  PeerMessage<M> || OperatorOfRegistry<M> || OperatorOfNode<M> ||
                                  OneOf<M, MapDelta, MapRequest>,
                              "say what an operator's tool does with this message");
        },
        message);
}

// ---------------------------------------------------------------- answers

void AdminActor::on(const Origin& from, MapSnapshot& answer) {
    if (!answer.map.formed()) {
        heard_unformed_ = true;
        return;
    }
    const Uuid& cluster = answer.map.settings.id;
    if (from.cluster != cluster || (cache_.formed() && cluster != cache_.cluster())) return;
    cache_.apply(answer.map);
    if (cache_.formed()) confirmed(from);
}

void AdminActor::on(const Origin& from, CurrentEpoch&) {
    if (!cache_.formed())
        heard_unformed_ = true;
    else if (from.cluster == cache_.cluster())
        confirmed(from);
}

void AdminActor::confirmed(const Origin& from) {
    if (!from.node.none()) {
        node_confirmed_ = true;
        return;
    }
    registry_minor_ = from.minor;
    const std::string& registry = from.address.endpoint;
    if (std::ranges::find(registries_, registry) == registries_.end()) registries_.push_back(registry);
}

template <class Question>
const Question* AdminActor::asks() const {
    const auto* task = std::get_if<RegistryTask>(&*task_);
    return task == nullptr ? nullptr : std::get_if<Question>(&task->question);
}

template <class Question, class Answer>
bool AdminActor::answers(const Answer& answer) const {
    const Question* question = asks<Question>();
    return question != nullptr && answer.request == question->request;
}

void AdminActor::on(const Origin&, AdministerAnswer& answer) {
    if (!answers<Administer>(answer)) return;
    if (answer.error) return finish(Error(*answer.error, std::move(answer.text)));
    wanted_ = std::max(wanted_, answer.epoch);
    finish(AdminOutcome(std::move(answer)));
}

void AdminActor::on(const Origin&, EventsAnswer& answer) {
    if (answers<EventsRequest>(answer)) finish(AdminOutcome(std::move(answer)));
}

void AdminActor::on(const Origin&, ConditionAnswer& answer) {
    if (answers<ConditionRequest>(answer)) finish(AdminOutcome(std::move(answer)));
}

template <class Answer>
void AdminActor::of_a_shard(const Origin& from, Answer& answer) {
    const auto asked = std::ranges::find(asked_, answer.request, &Asked::request);
    if (asked != asked_.end() && asked->node == from.node && !asked->answered()) asked->answer = std::move(answer);
}

void AdminActor::on(const Origin& from, HoldingsAnswer& answer) {
    if (std::holds_alternative<HoldingsTask>(*task_)) of_a_shard(from, answer);
}

void AdminActor::on(const Origin& from, FiguresAnswer& answer) {
    if (std::holds_alternative<FiguresTask>(*task_)) of_a_shard(from, answer);
}

void AdminActor::on(const Origin&, FrameRefused& answer) {
    refused_ = std::move(answer);
}

// ---------------------------------------------------------------- questions

void AdminActor::tick(Time now) {
    if (!task_) return;
    if (!acting_ && map_is_new(now)) act(now);
    if (!task_) return;
    const bool all_answered = std::ranges::all_of(asked_, &Asked::answered);
    if (acting_ && for_shards() && (all_answered || now >= patience_over_)) return finish(gathered());
    if (now >= deadline_) return finish(timed_out());
    if (now < next_) return;
    next_ = now + pause_;
    pause_ = std::min(pause_ * 2, longest_pause);
    if (!acting_) return ask_for_map(now);
    if (for_shards()) return ask_shards();
    ask_registries();
}

bool AdminActor::for_a_registry() const {
    return std::holds_alternative<RegistryTask>(*task_);
}

bool AdminActor::for_shards() const {
    return std::holds_alternative<HoldingsTask>(*task_) || std::holds_alternative<FiguresTask>(*task_);
}

bool AdminActor::map_is_new(Time now) const {
    if (!cache_.formed() || cache_.map().epoch < wanted_) return false;
    if (!registries_.empty()) return true;
    return node_confirmed_ && !for_a_registry() && now >= begun_ + registry_patience;
}

void AdminActor::ask_for_map(Time now) {
    const MapRequest question{cache_.map().generation, cache_.map().epoch};
    for (const std::string& endpoint : finder_.registries()) send(endpoint, {}, question);
    if (for_a_registry() || now < begun_ + registry_patience / 2) return;
    for (const std::string& endpoint : finder_.some_nodes(cache_.map(), 2)) send(endpoint, {}, question);
}

// The map is there: on to what was wanted.
void AdminActor::act(Time now) {
    if (std::holds_alternative<FetchMapTask>(*task_)) return finish(AdminOutcome());
    if (auto error = too_old()) return finish(std::move(*error));
    acting_ = true;
    next_ = now;
    pause_ = first_pause;
    if (!for_shards()) return;
    patience_over_ = std::min(deadline_, now + holdings_patience);
    list_shards();
}

std::optional<Error> AdminActor::too_old() const {
    const auto error = [this](const char* what) {
        return Error(ErrorCode::unavailable,
                     "the registry at " + finder_.registries_text() + " is of an older release, which " + what);
    };
    if (asks<EventsRequest>() != nullptr && registry_minor_ < minor_with_events) return error("tells of no events");
    if (asks<ConditionRequest>() != nullptr && registry_minor_ < minor_with_condition)
        return error("does not tell how the nodes are");
    return std::nullopt;
}

void AdminActor::ask_registries() {
    for (const std::string& endpoint : registries_)
        std::visit([&](const auto& question) { send(endpoint, {}, question); },
                   std::get<RegistryTask>(*task_).question);
}

void AdminActor::list_shards() {
    for (const auto& [id, node] : cache_.map().nodes) {
        if (node.state != NodeState::up && node.state != NodeState::stopping) continue;
        for (const std::string& endpoint : node.endpoints) {
            last_request_ = last_request_.next();
            asked_.push_back({id, endpoint, last_request_, {}});
        }
    }
}

void AdminActor::ask_shards() {
    const bool holdings = std::holds_alternative<HoldingsTask>(*task_);
    for (const Asked& asked : asked_) {
        if (asked.answered()) continue;
        if (holdings)
            send(asked.endpoint, asked.node, HoldingsRequest{asked.request});
        else
            send(asked.endpoint, asked.node, FiguresRequest{asked.request});
    }
}

AdminOutcome AdminActor::gathered() const {
    if (std::holds_alternative<HoldingsTask>(*task_)) return gathered_holdings();
    return gathered_figures();
}

std::vector<NodeFigures> AdminActor::gathered_figures() const {
    std::map<NodeId, NodeFigures> nodes;
    for (const Asked& asked : asked_) {
        if (!asked.answered()) continue;
        NodeFigures& node = nodes.try_emplace(asked.node, NodeFigures{asked.node, {}}).first->second;
        node.shards.push_back(std::get<FiguresAnswer>(asked.answer));
    }
    for (const Asked& asked : asked_)
        if (!asked.answered()) nodes.erase(asked.node);
    std::vector<NodeFigures> gathered;
    gathered.reserve(nodes.size());
    for (auto& [id, node] : nodes) gathered.push_back(std::move(node));
    return gathered;
}

std::vector<NodeHoldings> AdminActor::gathered_holdings() const {
    std::map<NodeId, NodeHoldings> nodes;
    for (const Asked& asked : asked_) {
        if (!asked.answered()) continue;
        NodeHoldings& node = nodes.try_emplace(asked.node, NodeHoldings{asked.node, {}, MemoryReport{}}).first->second;
        const auto& answer = std::get<HoldingsAnswer>(asked.answer);
        node.holdings.insert(node.holdings.end(), answer.holdings.begin(), answer.holdings.end());
        add(node.memory, answer.memory);
    }
    for (const Asked& asked : asked_)
        if (!asked.answered()) nodes.erase(asked.node);
    std::vector<NodeHoldings> gathered;
    gathered.reserve(nodes.size());
    for (auto& [id, node] : nodes) gathered.push_back(std::move(node));
    return gathered;
}

Error AdminActor::timed_out() const {
    const std::string asked = finder_.registries_text();
    const bool changes = asks<Administer>() != nullptr;
    if (acting_ && changes)
        return {ErrorCode::outcome_unknown, "the registry at " + asked +
                                                " did not answer in time: it may have been done; do it again, for "
                                                "doing it twice is doing it once"};
    if (refused_) return {refused_->code, "refused by " + asked + ": " + refused_->text};
    if (node_confirmed_ && changes)
        return {ErrorCode::unavailable,
                asked +
                    " are no registry, or it did not answer: only the registry changes the cluster; nothing was "
                    "changed"};
    if (node_confirmed_ && for_a_registry())
        return {ErrorCode::unavailable, asked + " are no registry, or it did not answer: only the registry knows that"};
    if (heard_unformed_)
        return {ErrorCode::unavailable,
                asked + " answered, but the cluster is not formed yet; start the nodes it waits for (form_with)"};
    return {ErrorCode::unavailable,
            "no answer from " + asked + " in time; is a registry of the cluster running there?"};
}

}  // namespace ringkv
