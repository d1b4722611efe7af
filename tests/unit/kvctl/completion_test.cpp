// completion: what a real bash offers with the script, and what the others are told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/temporary_directory.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// What bash offers for the last of these words.
std::vector<std::string> offered(const std::string& words) {
    const test::TemporaryDirectory directory;
    const std::string name = directory.path() / "script";
    std::ofstream(name) << kvctl({"completion", "bash"}).out << "COMP_WORDS=(" << words << ")\n"
                        << "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_kvctl\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    const std::unique_ptr<FILE, int (*)(FILE*)> bash(::popen(("bash --norc " + name + " 2>&1").c_str(), "r"), ::pclose);
    std::string text;
    std::array<char, 4096> part{};
    while (const std::size_t count = std::fread(part.data(), 1, part.size(), bash.get()))
        text.append(part.data(), count);
    std::vector<std::string> lines;
    std::istringstream all(text);
    for (std::string line; std::getline(all, line);)
        if (!line.empty()) lines.push_back(line);
    return lines;
}

TEST(Completion, BashOffersCommands) {
    EXPECT_THAT(offered("kvctl sn"), testing::ElementsAre("snapshot"));
    EXPECT_THAT(offered("kvctl ''"), AllOf(Contains("put"), Contains("check"), Contains("--registry"), Contains("-o")));
    EXPECT_THAT(offered("kvctl --registry tcp://host:1 sta"), testing::ElementsAre("status"));
}

TEST(Completion, BashOffersTheWordsAndOptionsOfACommand) {
    EXPECT_THAT(offered("kvctl node dr"), testing::ElementsAre("drain"));
    EXPECT_THAT(offered("kvctl demo ''"), testing::IsSupersetOf({"nodes", "kill", "pause", "resume", "--nodes"}));
    EXPECT_THAT(offered("kvctl local ''"), Not(Contains("FILE")));
    EXPECT_THAT(offered("kvctl snapshot --f"), testing::ElementsAre("--file-size"));
    EXPECT_THAT(offered("kvctl events --"),
                testing::IsSupersetOf({"--after", "--limit", "--follow", "--kind", "--node"}));
    EXPECT_THAT(offered("kvctl top --o"), testing::IsSupersetOf({"--once", "--output"}));
    EXPECT_THAT(offered("kvctl -o json put --if"), testing::UnorderedElementsAre("--if-version", "--if-absent"));
    EXPECT_THAT(offered("kvctl put KE"), IsEmpty()) << "a key is not completed";
    EXPECT_THAT(offered("kvctl nothing --"), IsEmpty());
}

TEST(Completion, OtherShellsAreToldTheSame) {
    EXPECT_THAT(kvctl({"completion", "zsh"}).out, AllOf(HasSubstr("bashcompinit"), HasSubstr("complete -o default")));
    EXPECT_THAT(
        kvctl({"completion", "fish"}).out,
        AllOf(HasSubstr("-a snapshot -d 'save all keys"), HasSubstr("seen_subcommand_from snapshot' -l file-size -r"),
              HasSubstr("seen_subcommand_from node' -a 'undrain'"),
              HasSubstr("seen_subcommand_from events' -l kind -r"), HasSubstr("seen_subcommand_from demo' -a 'resume'"),
              Not(HasSubstr("-a config "))));
}

TEST(Completion, AnotherShellIsUsage) {
    const Ran ran = kvctl({"completion", "powershell"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("'powershell' is none of bash, zsh and fish"));
}

}  // namespace
}  // namespace ringkv::kvctl
