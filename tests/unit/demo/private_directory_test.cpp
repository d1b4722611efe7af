// Directories of demos: of their own, removed, and left by those that were killed.
#include "demo/private_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "tests/temporary_directory.hpp"

namespace ringkv::demo {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// As a demo leaves it that was killed: the kernel has let go of its lock.
fs::path left_behind(const fs::path& parent, const std::string& name) {
    fs::path path = parent / name;
    fs::create_directory(path);
    fs::permissions(path, fs::perms::owner_all);
    std::ofstream(path / "lock") << "";
    fs::create_directory(path / "n1");
    std::ofstream(path / "n1" / "identity") << "x";
    return path;
}

// What this process has as an environment variable, as long as it lives.
class RuntimeVariable {
  public:
    explicit RuntimeVariable(const std::string& value) {
        if (const char* before = std::getenv("XDG_RUNTIME_DIR")) before_ = before;
        ::setenv("XDG_RUNTIME_DIR", value.c_str(), 1);
    }
    ~RuntimeVariable() {
        if (before_) ::setenv("XDG_RUNTIME_DIR", before_->c_str(), 1);
        if (!before_) ::unsetenv("XDG_RUNTIME_DIR");
    }
    RuntimeVariable(const RuntimeVariable&) = delete;
    RuntimeVariable& operator=(const RuntimeVariable&) = delete;

  private:
    std::optional<std::string> before_;
};

class PrivateDirectoryTest : public ::testing::Test {
  protected:
    test::TemporaryDirectory parent_;
};

TEST_F(PrivateDirectoryTest, IsOfThisUserAloneAndRemovedWithAllThatIsInIt) {
    fs::path path;
    {
        auto directory = PrivateDirectory::make(parent_.path());
        ASSERT_TRUE(directory) << directory.error();
        path = directory->path();
        EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
        fs::create_directories(path / "n1" / "shard-0");
        std::ofstream(path / "n1" / "shard-0" / "head") << "x";
        const PrivateDirectory moved = std::move(*directory);
        EXPECT_EQ(moved.path(), path);
    }
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(PrivateDirectoryTest, AParentThatIsNotThereIsAnError) {
    const auto directory = PrivateDirectory::make(parent_.path() / "none");
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().code(), ErrorCode::storage);
    EXPECT_THAT(directory.error().message(), HasSubstr("TMPDIR"));
}

TEST_F(PrivateDirectoryTest, WhatIsSurelyStaleIsRemovedAndNothingElse) {
    const auto live = PrivateDirectory::make(parent_.path());
    ASSERT_TRUE(live);
    const fs::path stale = left_behind(parent_.path(), "ringkv-demo-aaaaaa");
    const fs::path starting = parent_.path() / "ringkv-demo-bbbbbb";  // has no lock yet
    fs::create_directory(starting);
    fs::permissions(starting, fs::perms::owner_all);
    const fs::path other = left_behind(parent_.path(), "another");
    const fs::path shared = left_behind(parent_.path(), "ringkv-demo-cccccc");
    fs::permissions(shared, fs::perms::owner_all | fs::perms::group_write);
    fs::create_directory_symlink(other, parent_.path() / "ringkv-demo-dddddd");
    remove_stale(parent_.path());
    EXPECT_FALSE(fs::exists(stale));
    for (const fs::path& path : {live->path(), starting, other / "n1" / "identity", shared})
        EXPECT_TRUE(fs::exists(path)) << path;
}

TEST_F(PrivateDirectoryTest, TheRuntimeDirectoryIsTheOneOfTheSessionIfItIsPrivate) {
    const fs::path session = parent_.path() / "session";
    fs::create_directory(session);
    fs::permissions(session, fs::perms::owner_all);
    const RuntimeVariable variable(session.string());
    EXPECT_EQ(*runtime_directory(parent_.path()), session);
    fs::permissions(session, fs::perms::all);
    const auto own = runtime_directory(parent_.path());
    ASSERT_TRUE(own);
    EXPECT_NE(*own, session);
    EXPECT_EQ(own->parent_path(), parent_.path());
    EXPECT_EQ(fs::status(*own).permissions(), fs::perms::owner_all);
    EXPECT_EQ(*runtime_directory(parent_.path()), *own);
    fs::permissions(*own, fs::perms::all);
    const auto taken = runtime_directory(parent_.path());
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code(), ErrorCode::refused);
}

}  // namespace
}  // namespace ringkv::demo
