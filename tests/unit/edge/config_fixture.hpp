// Configuration files for tests: written into a directory of their own, and loaded.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/edge/configuration/config.hpp"
#include "tests/temporary_directory.hpp"

namespace ringkv::testing {

inline constexpr const char* registry_yaml =
    "cluster: demo\n"
    "listen: tcp://127.0.0.1:7400\n"
    "data_dir: data/registry\n";

inline constexpr const char* node_yaml =
    "name: n1\n"
    "rack: rack-a\n"
    "registry: tcp://127.0.0.1:7400\n"
    "listen: tcp://127.0.0.1:7411\n"
    "data_dir: data/n1\n"
    "durability: memory\n";

class ConfigTest : public ::testing::Test {
  protected:
    ConfigTest() { file_ = (directory_ / "x.yaml").string(); }

    const std::string& write(const std::string& text) {
        std::ofstream(file_, std::ios::binary) << text;
        return file_;
    }
    Result<RegistryConfig> registry(const std::string& text, const std::vector<std::string>& overrides = {}) {
        return load_registry_config(write(text), overrides);
    }
    Result<NodeConfig> node(const std::string& text, const std::vector<std::string>& overrides = {}) {
        return load_node_config(write(text), overrides);
    }

    // The message, without the directory; its code must be `configuration`.
    template <class T>
    std::string error_of(const Result<T>& result) {
        if (result) return "(no error)";
        EXPECT_EQ(result.error().code(), ErrorCode::configuration);
        std::string message = result.error().message();
        const std::string prefix = directory_.string() + "/";
        for (std::size_t at = 0; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
        return message;
    }
    std::string registry_error(const std::string& text, const std::vector<std::string>& overrides = {}) {
        return error_of(registry(text, overrides));
    }
    // Of a node's file in which a line is added, or an override.
    std::string with_line(const std::string& line) { return error_of(node(node_yaml + line + "\n")); }
    std::string with_override(const std::string& assignment) { return error_of(node(node_yaml, {assignment})); }

    test::TemporaryDirectory made_;
    const std::filesystem::path& directory_ = made_.path();
    std::string file_;
};

}  // namespace ringkv::testing
