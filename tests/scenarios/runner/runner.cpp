#include "tests/scenarios/runner/runner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/world/describe.hpp"

namespace ringkv::scenarios {

using simulation::HostId;
using simulation::TraceEvent;

const std::map<std::string, Runner::Command, std::less<>> Runner::commands = {
    {"cluster", &Runner::cluster},
    {"node", &Runner::node},
    {"client", &Runner::client},
    {"start", &Runner::start},
    {"crash", &Runner::crash},
    {"lose-power", &Runner::lose_power},
    {"restart", &Runner::restart},
    {"pause", &Runner::pause},
    {"resume", &Runner::resume},
    {"stop", &Runner::stop},
    {"wipe", &Runner::wipe},
    {"rebuild", &Runner::rebuild},
    {"rate", &Runner::rate},
    {"disk", &Runner::disk},
    {"sync", &Runner::sync},
    {"views", &Runner::views},
    {"view", &Runner::view},
    {"nodes", &Runner::nodes},
    {"state", &Runner::state},
    {"advance", &Runner::advance},
    {"settle", &Runner::settle},
    {"wait", &Runner::wait},
    {"cut", &Runner::cut},
    {"isolate", &Runner::isolate},
    {"heal", &Runner::heal},
    {"drop", &Runner::drop},
    {"hold", &Runner::hold},
    {"duplicate", &Runner::duplicate},
    {"delay", &Runner::delay},
    {"allow", &Runner::allow},
    {"release", &Runner::release},
    {"send", &Runner::send},
    {"trace", &Runner::trace},
    {"put", &Runner::put},
    {"get", &Runner::get},
    {"erase", &Runner::erase},
    {"cas", &Runner::cas},
    {"scan", &Runner::scan},
    {"begin", &Runner::begin},
    {"await", &Runner::await},
    {"pending", &Runner::pending},
    {"fill", &Runner::fill},
    {"verify", &Runner::verify},
    {"locate", &Runner::locate},
    {"operator", &Runner::ask_as_operator},
};

Runner::Runner() = default;

std::string Runner::run(const Block& block) {
    output_.clear();
    for (const std::string& command : block.commands) {
        try {
            run_command(command);
        } catch (const BadCommand& error) {
            failed_ = true;
            say(fmt::format("story error: {}: {}", command, error.what()));
        }
    }
    return output_.empty() ? "ok\n" : output_;
}

std::string Runner::took(const std::optional<Bound>& bound, Duration duration) {
    return within("took", bound, duration);
}

std::string Runner::within(const std::string& what, const std::optional<Bound>& bound, Duration duration) {
    if (!bound) return "";
    if (bound->contains(duration)) return fmt::format(" ({} {})", what, bound->words);
    failed_ = true;
    return fmt::format(" (BAD: {} {}, not {})", what, text_of(duration), bound->words);
}

void Runner::run_command(const std::string& line) {
    Arguments arguments(words_of(line));
    const std::string name = arguments.next("a command");
    const auto found = commands.find(name);
    if (found == commands.end()) throw BadCommand("no such command");
    (this->*found->second)(arguments);
    arguments.end();
}

simulation::SimulatedCluster& Runner::the_cluster() {
    if (!cluster_) throw BadCommand("there is no cluster yet");
    return *cluster_;
}

HostId Runner::host(const std::string& name) {
    const HostId host = the_cluster().host(name);
    if (host.none()) throw BadCommand("there is no host '" + name + "'");
    return host;
}

HostId Runner::host(Arguments& arguments) {
    return host(arguments.next("a host"));
}

// "p3", or "of" a key.
PartitionId Runner::partition(const std::string& word) {
    const std::uint32_t partitions = the_cluster().map().settings.partitions;
    if (word.size() < 2 || word[0] != 'p') throw BadCommand("'" + word + "' is not a partition: p0");
    const std::uint64_t number = number_of(word.substr(1));
    if (number >= partitions) throw BadCommand("there is no partition " + word);
    return PartitionId(static_cast<std::uint32_t>(number));
}

simulation::NameOfNode Runner::names() {
    return [this](NodeId node) { return the_cluster().name_of(node); };
}

// ---------------------------------------------------------------- traces

void Runner::on_trace(const TraceEvent& event) {
    const auto wanted = [&](std::string_view type) {
        return std::any_of(traced_.begin(), traced_.end(), [&](const auto& it) { return it == type || it == "all"; });
    };
    const auto name = [this](HostId host) { return host.none() ? std::string("no host") : world().name(host); };
    if (event.kind == TraceEvent::Kind::logged) {
        if (!wanted("log") && !(wanted("warnings") && event.line->level >= LogLevel::warning)) return;
        std::string fields;
        for (const auto& [field, value] : event.line->fields) fields += fmt::format(" {}={}", field, value);
        say(fmt::format("{} logs: {}{}", name(event.from), event.line->text, fields));
        return;
    }
    if (event.kind == TraceEvent::Kind::refused) {
        if (wanted("refusals")) say(fmt::format("{} refuses {}: {}", name(event.to), name(event.from), event.text));
        return;
    }
    if (!wanted(name_of(*event.message))) return;
    const std::string message = simulation::describe(*event.message, names());
    switch (event.kind) {
        case TraceEvent::Kind::sent: say(fmt::format("{} -> {}: {}", name(event.from), name(event.to), message)); break;
        case TraceEvent::Kind::held: say(fmt::format("{} -| {}: {}", name(event.from), name(event.to), message)); break;
        case TraceEvent::Kind::lost:
            say(fmt::format("{} -x {}: {} ({})", name(event.from), name(event.to), message, event.text));
            break;
        default:
            if (wanted("arrivals")) say(fmt::format("{} => {}: {}", name(event.from), name(event.to), message));
    }
}

// `trace Prepare PrepareOk`: these types; `trace log`, `trace warnings`, `trace refusals`, `trace all`, `trace off`.
void Runner::trace(Arguments& arguments) {
    traced_ = arguments.rest();
    if (traced_ == std::vector<std::string>{"off"}) traced_.clear();
}

}  // namespace ringkv::scenarios
