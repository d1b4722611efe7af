#include <mutex>
#include <set>
#include <thread>

#include "common/edge/system/log.hpp"
#include "demo/consequences.hpp"
#include "demo/control_protocol.hpp"
#include "demo/control_socket.hpp"
#include "demo/member.hpp"
#include "demo/ports.hpp"
#include "demo/private_directory.hpp"
#include "registry/edge/registry_server.hpp"

namespace ringkv {
namespace {

using namespace demo;

// Few and short enough that one sees each partition, and what becomes of a node that stays away.
constexpr std::uint32_t demo_partitions = 128;
constexpr std::uint32_t most_copies = 3;
constexpr std::chrono::seconds demo_repair_after(10);
constexpr std::uint64_t segment_bytes = std::uint64_t{4} << 20U;  // five nodes shall not take 160 MiB

std::string endpoint(std::uint16_t port) {
    return "tcp://" + host_and(port);
}

std::uint32_t copies_of(const DemoOptions& options) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(options.nodes, most_copies));
}

RegistryConfig registry_config(const DemoOptions& options, const std::filesystem::path& directory) {
    const Ports ports = registry_ports(options.port);
    RegistryConfig config;
    config.settings.cluster = "demo";
    config.settings.partitions = demo_partitions;
    config.settings.replication = copies_of(options);
    config.settings.pace.repair_after = demo_repair_after;
    config.settings.publish = endpoint(ports.listen + 1);
    config.listen = endpoint(ports.listen);
    config.http = host_and(ports.http);
    config.data_dir = (directory / "registry").string();
    config.form_with = static_cast<std::uint32_t>(options.nodes);  // so that the first placement is the last one
    return config;
}

// The log is written and not synced: what a node that is killed had acknowledged is in the kernel's hands, and there
// when it starts again; only the machine's end loses it, which ends the demo as well. And no disk is waited for.
NodeConfig node_config(const DemoOptions& options, unsigned number, const std::filesystem::path& directory) {
    const Ports ports = node_ports(options.port, number);
    NodeConfig config;
    config.name = name_of(number);
    config.rack = std::string("rack-") + static_cast<char>('a' + (number - 1) % options.racks);
    config.registries = {endpoint(registry_ports(options.port).listen)};
    config.listen = config.advertise = endpoint(ports.listen);
    config.http = host_and(ports.http);
    config.data_dir = (directory / config.name).string();
    config.durability = Durability::os;
    config.log.segment = segment_bytes;
    return config;
}

std::filesystem::path temporary() {
    std::error_code error;
    auto path = std::filesystem::temp_directory_path(error);
    return error ? "/tmp" : path;
}

Error no_demo(std::uint64_t port, const Error& why) {
    const std::string base = port == default_demo_port ? "" : " --port " + std::to_string(port);
    return {ErrorCode::unavailable, "no demo of this user runs with base port " + std::to_string(port) + " (" +
                                        why.message() + "); start one in another terminal: kvctl demo" + base};
}

}  // namespace

class DemoCluster::Impl {
  public:
    Impl(const DemoOptions& options, PrivateDirectory directory)
        : options_(options), directory_(std::move(directory)) {}
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] Result<void> start();
    [[nodiscard]] std::vector<std::string> not_ready();
    [[nodiscard]] Result<void> outcome() const;
    [[nodiscard]] const DemoOptions& options() const { return options_; }
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
    [[nodiscard]] std::vector<DemoNode> nodes() const;

  private:
    [[nodiscard]] Result<void> start_registry();
    [[nodiscard]] std::string answer(std::string_view request);
    [[nodiscard]] Result<DemoAnswer> carry_out(const DemoRequest& request);
    [[nodiscard]] Result<DemoAnswer> change(const DemoRequest& request, Member& member);
    void add_consequences(const std::string& verb, const Member& member, DemoAnswer& answer);
    [[nodiscard]] Member* find(const std::string& name) const;
    [[nodiscard]] Error no_such_node(const std::string& name) const;

    const DemoOptions options_;
    const PrivateDirectory directory_;  // removed last
    std::unique_ptr<RegistryServer> registry_;
    std::thread registry_runs_;
    std::vector<std::unique_ptr<Member>> members_;
    std::mutex changing_;  // of what members do
    mutable std::mutex mutex_;
    Result<void> outcome_;                    // of the registry
    std::unique_ptr<ControlServer> control_;  // ends first
};

// ---------------------------------------------------------------- start and end

Result<void> DemoCluster::Impl::start_registry() {
    const NamedLog named("registry");
    auto registry = RegistryServer::open(registry_config(options_, directory_.path()));
    if (!registry) return registry.error();
    registry_ = std::move(*registry);
    registry_runs_ = std::thread([this, name = log_name()] {
        const NamedLog of_this_thread(name);
        const Result<void> ran = registry_->run();
        const std::lock_guard lock(mutex_);
        outcome_ = ran;
    });
    return {};
}

Result<void> DemoCluster::Impl::start() {
    if (auto started = start_registry(); !started) return started;
    for (unsigned number = 1; number <= options_.nodes; ++number) {
        members_.push_back(std::make_unique<Member>(node_config(options_, number, directory_.path())));
        if (auto started = members_.back()->start(); !started) return started;
    }
    const auto runtime = runtime_directory(temporary());
    if (!runtime) return runtime.error();
    auto control = ControlServer::open(control_path(*runtime, options_.port),
                                       [this](std::string_view request) { return answer(request); });
    if (!control) return control.error();
    control_ = std::move(*control);
    return {};
}

DemoCluster::Impl::~Impl() {
    control_.reset();
    members_.clear();
    if (registry_ != nullptr) registry_->stop();
    if (registry_runs_.joinable()) registry_runs_.join();
}

// ---------------------------------------------------------------- how it is

std::vector<std::string> DemoCluster::Impl::not_ready() {
    const std::lock_guard lock(changing_);
    const registry::ObservedOverview seen = registry_->overview();
    if (!seen.turns) return {"the registry does not turn"};
    const registry::Layout& layout = *seen.newest->layout;
    if (layout.partitions.empty()) return {"the cluster is not formed yet"};
    std::vector<std::string> reasons;
    if (layout.census.full < layout.partitions.size()) reasons.emplace_back("not every partition has all its copies");
    for (const auto& member : members_)
        for (std::string& reason : member->not_ready()) reasons.push_back(std::move(reason));
    return reasons;
}

Result<void> DemoCluster::Impl::outcome() const {
    const std::lock_guard lock(mutex_);
    return outcome_;
}

std::vector<DemoNode> DemoCluster::Impl::nodes() const {
    std::vector<DemoNode> nodes;
    for (const auto& member : members_) nodes.push_back(member->describe());
    return nodes;
}

// ---------------------------------------------------------------- what is asked for

std::string DemoCluster::Impl::answer(std::string_view request) {
    const auto decoded = decode_request(request);
    return encode(decoded ? carry_out(*decoded) : Result<DemoAnswer>(decoded.error()));
}

Result<DemoAnswer> DemoCluster::Impl::carry_out(const DemoRequest& request) {
    DemoAnswer answer;
    if (request.verb == "nodes") {
        answer.nodes = nodes();
        return answer;
    }
    Member* const member = find(request.node);
    if (member == nullptr) return no_such_node(request.node);
    return change(request, *member);
}

Result<DemoAnswer> DemoCluster::Impl::change(const DemoRequest& request, Member& member) {
    const std::lock_guard lock(changing_);
    Result<void> done = Error(ErrorCode::invalid_argument, "a node of a demo can be killed, paused and resumed");
    if (request.verb == "kill") done = member.kill();
    if (request.verb == "pause") done = member.pause();
    if (request.verb == "resume") done = member.resume();
    if (!done) return done.error();
    DemoAnswer answer;
    answer.nodes = {member.describe()};
    answer.text = member.name() + " is " + answer.nodes.front().state;
    add_consequences(request.verb, member, answer);
    return answer;
}

void DemoCluster::Impl::add_consequences(const std::string& verb, const Member& member, DemoAnswer& answer) {
    const registry::ObservedOverview seen = registry_->overview();
    if (!seen.turns) {
        answer.text += "; kvctl status says what is served";
        return;
    }
    std::set<std::string> stopped;
    for (const auto& each : members_)
        if (each->state() != Member::State::running) stopped.insert(each->name());
    const Consequences found = consequences_of(*seen.newest->layout, stopped, member.name());
    answer.partitions = found.partitions;
    answer.not_served = found.not_served;
    if (verb == "resume") {
        answer.text += ": it is given what it missed, and is a member again (kvctl events tells of it)";
    } else {
        answer.text += ": of " + std::to_string(found.partitions) + " partitions it held " +
                       std::to_string(found.copies) + ", and was the primary of " + std::to_string(found.primaries);
        if (found.not_served == 0) answer.text += ", which others serve within a second";
    }
    if (found.not_served > 0)
        answer.text += ". NOT SERVED: " + std::to_string(found.not_served) +
                       " partitions, of which no member runs; resume one of their nodes (kvctl check)";
}

Member* DemoCluster::Impl::find(const std::string& name) const {
    for (const auto& member : members_)
        if (member->name() == name) return member.get();
    return nullptr;
}

Error DemoCluster::Impl::no_such_node(const std::string& name) const {
    std::string names;
    for (const auto& member : members_) names += (names.empty() ? "" : ", ") + member->name();
    return {ErrorCode::invalid_argument, "there is no node '" + name + "' in this demo; there are " + names};
}

// ---------------------------------------------------------------- the public door

DemoCluster::DemoCluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DemoCluster::~DemoCluster() = default;

Result<std::unique_ptr<DemoCluster>> DemoCluster::open(const DemoOptions& options) {
    if (auto right = check_ranges(options); !right) return right.error();
    if (ask_demo(options.port, {"nodes", ""}, std::chrono::seconds(1)))
        return Error(ErrorCode::configuration,
                     "a demo runs with base port " + std::to_string(options.port) +
                         " already: kvctl demo nodes shows it; another one takes another --port BASE");
    if (auto free = check_ports(options); !free) return free.error();
    start_logging("kvctl demo", "demo", options.verbose ? LogLevel::info : LogLevel::warning);
    remove_stale(temporary());
    auto directory = PrivateDirectory::make(temporary());
    if (!directory) return directory.error();
    auto impl = std::make_unique<Impl>(options, std::move(*directory));
    if (auto started = impl->start(); !started) return started.error();
    return std::unique_ptr<DemoCluster>(new DemoCluster(std::move(impl)));
}

std::vector<std::string> DemoCluster::not_ready() {
    return impl_->not_ready();
}
Result<void> DemoCluster::outcome() const {
    return impl_->outcome();
}
std::string DemoCluster::registry() const {
    return endpoint(registry_ports(impl_->options().port).listen);
}
std::string DemoCluster::page() const {
    return "http://" + host_and(registry_ports(impl_->options().port).http) + "/";
}
std::string DemoCluster::directory() const {
    return impl_->directory().string();
}
std::uint32_t DemoCluster::partitions() const {
    return demo_partitions;
}
std::uint32_t DemoCluster::replication() const {
    return copies_of(impl_->options());
}
std::chrono::seconds DemoCluster::repair_after() const {
    return demo_repair_after;
}
std::vector<DemoNode> DemoCluster::nodes() const {
    return impl_->nodes();
}

Result<DemoAnswer> ask_demo(std::uint64_t port, const DemoRequest& request, std::chrono::milliseconds timeout) {
    const auto runtime = runtime_directory(temporary());
    if (!runtime) return runtime.error();
    const auto answer = ask(control_path(*runtime, port), encode(request), timeout);
    if (answer) return decode_answer(*answer);
    if (answer.error().code() == ErrorCode::unavailable) return no_demo(port, answer.error());
    return answer.error();
}

}  // namespace ringkv
