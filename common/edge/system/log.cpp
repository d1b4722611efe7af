#include "common/edge/system/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace ringkv {
namespace {

struct Logging {
    std::shared_ptr<spdlog::logger> logger;
    std::string program;
    std::string name;
    bool json = false;
};

// Written once, before there are threads.
std::unique_ptr<Logging>& logging() {
    static std::unique_ptr<Logging> instance;
    return instance;
}

std::string& name_of_thread() {
    thread_local std::string name;
    return name;
}

const std::string& name_in(const Logging& to) {
    return log_name().empty() ? to.name : log_name();
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warning: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

// The members that follow time and level: `"program":...,"text":...`.
std::string as_json(const Logging& to, const LogLine& line) {
    nlohmann::ordered_json members{{"program", to.program}, {"name", name_in(to)}, {"text", line.text}};
    for (const auto& [key, value] : line.fields) members[members.contains(key) ? "field_" + key : key] = value;
    // Texts may quote what a peer sent: bytes that are not UTF-8 are replaced, never thrown about.
    const std::string object = members.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return object.substr(1, object.size() - 2);
}

// One event is one line, and no bytes in it steer the operator's terminal.
std::string harmless(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    return text;
}

std::string as_text(const Logging& to, const LogLine& line) {
    std::string text = name_in(to).empty() ? to.program : name_in(to);
    text += ": " + line.text;
    for (const auto& [key, value] : line.fields) text.append(" ").append(key).append("=").append(value);
    return harmless(std::move(text));
}

}  // namespace

void start_logging(const std::string& program, const std::string& name, LogLevel least) {
    auto to = std::make_unique<Logging>();
    to->program = program;
    to->name = name;
    to->json = ::isatty(STDERR_FILENO) == 0;
    to->logger = std::make_shared<spdlog::logger>(program, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    if (to->json) {
        to->logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
    } else {
        to->logger->set_pattern("%H:%M:%S.%e %^%-7l%$ %v");
    }
    to->logger->set_level(spdlog_level(least));
    to->logger->flush_on(spdlog::level::debug);
    logging() = std::move(to);
}

NamedLog::NamedLog(std::string name) : before_(std::exchange(name_of_thread(), std::move(name))) {}

NamedLog::~NamedLog() {
    name_of_thread() = std::move(before_);
}

const std::string& log_name() {
    return name_of_thread();
}

void log(const LogLine& line) {
    const Logging* const to = logging().get();
    if (to == nullptr) return;
    const auto level = spdlog_level(line.level);
    if (!to->logger->should_log(level)) return;
    to->logger->log(level, spdlog::string_view_t(to->json ? as_json(*to, line) : as_text(*to, line)));
}

void log(LogLevel level, std::string text, std::vector<std::pair<std::string, std::string>> fields) {
    log(LogLine{level, std::move(text), std::move(fields)});
}

}  // namespace ringkv
