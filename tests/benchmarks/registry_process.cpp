#include "tests/benchmarks/registry_process.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::benchmarks {

namespace {

std::filesystem::path new_directory(const std::string& parent) {
    const std::filesystem::path where =
        parent.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(parent);
    std::string name = (where / "ringkv-scale-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + name);
    return name;
}

std::string loopback(unsigned port) {
    return "tcp://127.0.0.1:" + std::to_string(port);
}

}  // namespace

RegistryProcess::RegistryProcess(const RegistrySettings& settings) : directory_(new_directory(settings.directory)) {
    for (int attempt = 1;; ++attempt) {
        start(settings);
        if (process_->wait_for_output("ready", testing::patience)) return;
        // Another process may have taken the port between our look and the start.
        if (process_->running() || attempt == 5)
            throw std::runtime_error("the registry is not ready: " + process_->errors());
    }
}

void RegistryProcess::start(const RegistrySettings& settings) {
    const unsigned port = testing::free_ports(2);
    endpoint_ = loopback(port);
    std::ostringstream yaml;
    yaml << "cluster: scale\n"
         << "listen: " << endpoint_ << '\n'
         << "publish: " << loopback(port + 1) << '\n'
         << "data_dir: " << (directory_ / "data").string() << '\n'
         << "partitions: " << settings.partitions << '\n'
         << "replication: " << settings.replication << '\n'
         << "form_with: " << settings.form_with << '\n'
         << "repair_after: " << settings.repair_after << '\n';
    const std::filesystem::path config = directory_ / "registry.yaml";
    testing::write_file(config, yaml.str());
    process_ = std::make_unique<testing::ChildProcess>(
        settings.program, std::vector<std::string>{"--config", config.string()}, directory_ / "registry");
}

RegistryProcess::~RegistryProcess() {
    process_.reset();
    if (std::uncaught_exceptions() > 0) {
        std::cerr << "the registry's log is in " << directory_.string() << '\n';
        return;
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

pid_t RegistryProcess::pid() const {
    if (!process_->running()) throw std::runtime_error("the registry has ended: " + process_->errors());
    return process_->pid();
}

}  // namespace ringkv::benchmarks
