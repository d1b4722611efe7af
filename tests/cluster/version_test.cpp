// One number: that of project() in CMakeLists.txt. Every program says it.
#include <gtest/gtest.h>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

class VersionOfPrograms : public ::testing::Test {
  protected:
    Finished ask(const std::string& program, const std::string& word) {
        return run(program, {word}, cluster_.directory() / "version");
    }

  private:
    ProcessCluster cluster_{{.start = false}};
};

TEST_F(VersionOfPrograms, IsTheProjects) {
    const std::string number = RINGKV_PROJECT_VERSION;
    const Finished registry = ask(RINGKV_REGISTRY_PROGRAM, "--version");
    EXPECT_EQ(registry.output, "ringkv-registry " + number + "\n");
    EXPECT_EQ(registry.code, 0);
    const Finished node = ask(RINGKV_NODE_PROGRAM, "--version");
    EXPECT_EQ(node.output, "ringkv-node " + number + "\n");
    EXPECT_EQ(node.code, 0);
    for (const char* word : {"version", "--version"}) {
        const Finished kvctl = ask(KVCTL_PROGRAM, word);
        EXPECT_EQ(kvctl.output.find("kvctl " + number + " (protocol "), 0U) << kvctl.output;
        EXPECT_EQ(kvctl.code, 0);
    }
}

}  // namespace
}  // namespace ringkv::testing
