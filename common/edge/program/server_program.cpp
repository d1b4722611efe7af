#include "common/edge/program/server_program.hpp"

#include <iostream>
#include <utility>

#include "common/edge/system/log.hpp"
#include "ringkv/version.hpp"

namespace ringkv {

namespace {

constexpr int number(ExitCode code) {
    return static_cast<int>(code);
}

}  // namespace

ServerProgram::ServerProgram(std::string name, const std::string& about, const std::string& example)
    : name_(std::move(name)), app_(about, name_) {
    app_.set_version_flag("--version", name_ + " " + std::string(version()));
    app_.add_option("--config", path_, "the YAML file (" + example + " explains every key)")->required();
    app_.add_option("--set", overrides_, "key=value over the file's, any number of times; dotted keys: limits.key=8KiB")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    app_.add_flag("--check-config", check_only_, "validate the configuration and exit");
    app_.fallthrough();
}

std::optional<int> ServerProgram::parse(int argc, char** argv) {
    try {
        app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return number(app_.exit(error) == 0 ? ExitCode::ok : ExitCode::usage);
    }
    return std::nullopt;
}

int ServerProgram::wrong_configuration(const Error& error) const {
    std::cerr << name_ << ": " << error.message() << std::endl;
    return number(exit_code(error));
}

int ServerProgram::checked(const std::vector<std::string>& notices) const {
    for (const std::string& notice : notices) std::cerr << "warning: " << notice << '\n';
    std::cout << path_ << ": ok" << std::endl;
    return number(ExitCode::ok);
}

void ServerProgram::begin(const std::string& name, const std::vector<std::string>& notices) const {
    start_logging(name_, name);
    for (const std::string& notice : notices) log(LogLevel::warning, notice);
}

int ServerProgram::end(const Result<void>& served) {
    if (served) {
        log(LogLevel::info, "stopped");
        return number(ExitCode::ok);
    }
    log(LogLevel::error, served.error().message());
    return number(exit_code(served.error()));
}

}  // namespace ringkv
