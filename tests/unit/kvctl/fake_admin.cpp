#include "tests/unit/kvctl/fake_admin.hpp"

#include <algorithm>

namespace ringkv {
namespace fake {

Administration& administration() {
    static Administration administration;
    return administration;
}

}  // namespace fake

namespace {

Result<Change> note(std::string change) {
    fake::administration().changes.push_back(std::move(change));
    if (fake::administration().change_error) return *fake::administration().change_error;
    return Change{"done", 2};
}

}  // namespace

class Admin::Impl {};

Admin::Admin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Admin::Admin(Admin&&) noexcept = default;
Admin& Admin::operator=(Admin&&) noexcept = default;
Admin::~Admin() = default;

Result<Admin> Admin::connect(AdminOptions options) {
    if (options.registries.front() == "tcp://127.0.0.1:1")
        return Error(ErrorCode::unavailable, "no answer from tcp://127.0.0.1:1");
    return Admin(std::make_unique<Impl>());
}

Result<Change> Admin::drain(std::string_view node) {
    return note("drain " + std::string(node));
}
Result<Change> Admin::undrain(std::string_view node) {
    return note("undrain " + std::string(node));
}
Result<Change> Admin::remove(std::string_view node) {
    return note("remove " + std::string(node));
}
Result<Change> Admin::resume_repair() {
    return note("resume");
}
Result<Change> Admin::reset_partitions(const std::vector<std::uint32_t>& partitions) {
    std::string text = "reset";
    for (const std::uint32_t partition : partitions) text += " " + std::to_string(partition);
    return note(text);
}
Result<Change> Admin::change_settings(const SettingsChange& change) {
    Settings& settings = fake::administration().settings;
    auto noted = note("settings");
    if (!noted) return noted;
    settings.repair_after = change.repair_after.value_or(settings.repair_after);
    settings.max_bytes_per_second = change.max_bytes_per_second.value_or(settings.max_bytes_per_second);
    settings.max_moves_per_node = change.max_moves_per_node.value_or(settings.max_moves_per_node);
    settings.max_moves_per_second = change.max_moves_per_second.value_or(settings.max_moves_per_second);
    return noted;
}

Result<Settings> Admin::settings() {
    return fake::administration().settings;
}
Result<RepairStatus> Admin::repair_status() {
    return fake::administration().repair;
}
Result<NodeMoves> Admin::moves_of(std::string_view node) {
    auto& answers = fake::administration().moves[std::string(node)];
    NodeMoves answer;
    answer.name = node;
    answer.state = "gone";
    if (answers.empty()) return answer;
    answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return answer;
}
Result<Holdings> Admin::holdings() {
    return fake::administration().holdings;
}
// As the registry does.
Result<EventList> Admin::events(const EventQuery& query) {
    fake::Administration& has = fake::administration();
    if (has.events_asked) has.events_asked(has.queries.size());
    has.queries.push_back(query);
    if (has.events_error) return *has.events_error;
    EventList list;
    if (!has.events.empty()) list.newest = has.events.back().id;
    const std::size_t most = query.limit == 0 ? has.most_events : std::min<std::size_t>(query.limit, has.most_events);
    const std::size_t first = query.after || has.events.size() <= most ? 0 : has.events.size() - most;
    for (std::size_t i = first; i < has.events.size(); ++i) {
        if (query.after && has.events[i].id <= *query.after) continue;
        list.more = list.events.size() == most;
        if (list.more) break;
        list.events.push_back(has.events[i]);
    }
    return list;
}
Result<Condition> Admin::condition() {
    if (fake::administration().condition_error) return *fake::administration().condition_error;
    return fake::administration().condition;
}
Result<Load> Admin::load() {
    std::deque<Load>& loads = fake::administration().loads;
    if (loads.empty()) return Load{};
    Load load = loads.front();
    if (loads.size() > 1) loads.pop_front();
    return load;
}
Result<Plan> Admin::plan(const PlanRequest& request, const Holdings& /*holdings*/) {
    fake::administration().request = request;
    if (fake::administration().plan_error) return *fake::administration().plan_error;
    return fake::administration().plan;
}

}  // namespace ringkv
