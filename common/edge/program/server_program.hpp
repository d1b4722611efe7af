// What the main() of every server is made of: the command line, the exit code, what is said at the start and the end.
//
//     int main(int argc, char** argv) {
//         ServerProgram program("ringkv-node", "Stores partitions of a RingKV cluster", "configs/node-1.yaml");
//         return program.run<NodeConfig>(argc, argv, load_node_config, &name_of, &serve);
//     }
//
// Options: --config FILE (required), --set key=value (any number of times), --check-config, --version, --help.
// Exit codes are those of ringkv/exit_code.hpp: ok when serve() returns a value, else its error's; usage if the command
// line or the configuration is wrong. Thread safety: none; main's thread, before there are others.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ringkv/exit_code.hpp"

namespace ringkv {

class ServerProgram {
  public:
    // `example`: the file that explains every key of the configuration.
    ServerProgram(std::string name, const std::string& about, const std::string& example);

    // For what only this server has.
    [[nodiscard]] CLI::App& app() { return app_; }

    // `load` reads the configuration, `name_of` says what its log lines are named, `serve` returns when the server is
    // to end. Logging has started when `serve` is called.
    template <class Config>
    int run(
        int argc, char** argv,
        const std::function<Result<Config>(const std::string& path, const std::vector<std::string>& overrides)>& load,
        const std::function<std::string(const Config&)>& name_of,
        const std::function<Result<void>(const Config&)>& serve) {
        if (const auto code = parse(argc, argv)) return *code;
        const Result<Config> config = load(path_, overrides_);
        if (!config) return wrong_configuration(config.error());
        if (check_only_) return checked(config->notices);
        begin(name_of(*config), config->notices);
        return end(serve(*config));
    }

  private:
    // The exit code, if there is nothing left to do.
    [[nodiscard]] std::optional<int> parse(int argc, char** argv);
    [[nodiscard]] int wrong_configuration(const Error& error) const;
    [[nodiscard]] int checked(const std::vector<std::string>& notices) const;
    void begin(const std::string& name, const std::vector<std::string>& notices) const;
    [[nodiscard]] static int end(const Result<void>& served);

    std::string name_;
    CLI::App app_;
    std::string path_;
    std::vector<std::string> overrides_;
    bool check_only_ = false;
};

}  // namespace ringkv
