// What the shell remembers from run to run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "kvctl/shell/history_file.hpp"
#include "tests/temporary_directory.hpp"

namespace ringkv::kvctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ShellHistory : public testing::Test {
  protected:
    static mode_t mode_of(const std::filesystem::path& path) {
        struct stat what {};
        EXPECT_EQ(::stat(path.c_str(), &what), 0) << path;
        return what.st_mode & 07777U;
    }
    static std::size_t lines_in(const std::filesystem::path& path) {
        std::ifstream file(path);
        std::size_t count = 0;
        for (std::string line; std::getline(file, line);) ++count;
        return count;
    }

    test::TemporaryDirectory directory;
    HistoryFile history{directory.path() / "state"};
};

TEST_F(ShellHistory, IsThereForTheNextShell) {
    EXPECT_THAT(history.load().value(), IsEmpty());
    ASSERT_TRUE(history.append("get a"));
    ASSERT_TRUE(history.append("put b 'x y'"));
    EXPECT_THAT(HistoryFile(directory.path() / "state").load().value(), ElementsAre("get a", "put b 'x y'"));
}

TEST_F(ShellHistory, IsItsOwnersAlone) {
    const mode_t before = ::umask(0);
    const auto appended = history.append("put password 123");
    ::umask(before);
    ASSERT_TRUE(appended);
    EXPECT_EQ(mode_of(history.path()), 0600U);
    EXPECT_EQ(mode_of(history.path().parent_path()), 0700U);
    std::filesystem::permissions(history.path(), std::filesystem::perms(0644));
    ASSERT_TRUE(history.append("get a"));
    EXPECT_EQ(mode_of(history.path()), 0600U);
}

TEST_F(ShellHistory, ALineThatBeginsWithABlankIsNotKept) {
    EXPECT_TRUE(HistoryFile::keeps("get a"));
    EXPECT_FALSE(HistoryFile::keeps(" put password 123"));
    EXPECT_FALSE(HistoryFile::keeps("\tput password 123"));
    EXPECT_FALSE(HistoryFile::keeps(""));
    EXPECT_FALSE(HistoryFile::keeps(std::string(HistoryFile::longest_line + 1, 'x')));
    EXPECT_TRUE(HistoryFile::keeps(std::string(HistoryFile::longest_line, 'x')));
}

TEST_F(ShellHistory, IsBounded) {
    ASSERT_TRUE(history.append("first"));
    {
        std::ofstream file(history.path(), std::ios::app);
        for (std::size_t i = 0; i < 2 * HistoryFile::most_lines; ++i) file << "get " << i << '\n';
    }
    const auto lines = history.load().value();
    ASSERT_EQ(lines.size(), HistoryFile::most_lines);
    EXPECT_EQ(lines.back(), "get " + std::to_string(2 * HistoryFile::most_lines - 1));
    EXPECT_EQ(lines_in(history.path()), HistoryFile::most_lines);
    EXPECT_EQ(mode_of(history.path()), 0600U);
    EXPECT_EQ(history.load().value(), lines);
}

TEST_F(ShellHistory, ThatCannotBeKeptIsAnErrorWithItsPath) {
    std::ofstream(directory.path() / "state") << "a file where the directory should be";
    const auto appended = history.append("get a");
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().code(), ErrorCode::storage);
    EXPECT_THAT(appended.error().message(), HasSubstr("state/ringkv"));
}

TEST_F(ShellHistory, ThatIsNoFileIsAnError) {
    std::filesystem::create_directories(history.path());
    EXPECT_FALSE(history.load());
}

}  // namespace
}  // namespace ringkv::kvctl
