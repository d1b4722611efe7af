// A real ringkv-registry on free loopback ports, with its data in a directory of its own. Ends with the object, which
// deletes the directory, unless something was thrown meanwhile: then the log is worth reading, and is pointed to.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tests/cluster/child_process.hpp"

namespace ringkv::benchmarks {

struct RegistrySettings {
    unsigned partitions = 4096;
    unsigned replication = 3;
    unsigned form_with = 3;
    std::string repair_after = "3s";
    std::string program = RINGKV_REGISTRY_PROGRAM;
    std::string directory;  // in which its own one is made; empty = that of temporary files
};

class RegistryProcess {
  public:
    // Ready to be asked. Throws std::runtime_error.
    explicit RegistryProcess(const RegistrySettings& settings);
    ~RegistryProcess();
    RegistryProcess(const RegistryProcess&) = delete;
    RegistryProcess& operator=(const RegistryProcess&) = delete;

    [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
    // Throws if it has ended.
    [[nodiscard]] pid_t pid() const;

  private:
    void start(const RegistrySettings& settings);

    std::filesystem::path directory_;
    std::string endpoint_;
    std::unique_ptr<testing::ChildProcess> process_;
};

}  // namespace ringkv::benchmarks
