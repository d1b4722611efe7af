// snapshot save, verify and restore: whole commands, on files that are right, damaged, cut off and missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/temporary_directory.hpp"
#include "tests/unit/kvctl/fake_admin.hpp"
#include "tests/unit/kvctl/fake_client.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::json;

class Snapshot : public testing::Test {
  protected:
    Snapshot() {
        fake::administration() = {};
        fake::store().clear();
        fake::cluster_status() = {};
        fake::cluster_status().cluster = "orders";
        fake::cluster_status().replication = 3;
        fake::cluster_status().total = 64;
    }
    ~Snapshot() override { fake::store().clear(); }

    [[nodiscard]] std::string directory(const std::string& name = "saved") const { return (root_ / name).string(); }
    [[nodiscard]] std::filesystem::path file(const std::string& name) const { return root_ / "saved" / name; }

    static void fill(int keys) {
        for (int key = 0; key < keys; ++key)
            fake::store()["key " + std::to_string(key)] = {std::string(key, 'v'), static_cast<Version>(key + 1)};
    }
    void save(std::vector<std::string> more = {}) const {
        std::vector<std::string> words{"snapshot", "save", directory()};
        words.insert(words.end(), more.begin(), more.end());
        const Ran ran = kvctl(words);
        ASSERT_EQ(ran.code, 0) << ran.err;
    }
    static std::string read(const std::filesystem::path& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    static void write(const std::filesystem::path& path, const std::string& bytes) { std::ofstream(path) << bytes; }

    test::TemporaryDirectory made_;
    const std::filesystem::path& root_ = made_.path();
};

std::map<std::string, std::string> values() {
    std::map<std::string, std::string> all;
    for (const auto& [key, entry] : fake::store()) all[key] = entry.value;
    return all;
}

TEST_F(Snapshot, WhatWasSavedIsRestored) {
    fill(500);
    fake::store()[std::string("\0\xff\n", 3)] = {std::string("\0bytes\xfe", 7), 9};
    fake::store()["large"] = {std::string(3U << 20U, 'x'), 10};
    const auto before = values();
    save();
    EXPECT_EQ(kvctl({"snapshot", "verify", directory()}).code, 0);

    fake::store().clear();
    const Ran ran = kvctl({"snapshot", "restore", directory()});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("restored 502 of 502 keys"));
    EXPECT_EQ(values(), before);
}

TEST_F(Snapshot, AnEmptyClusterIsSavedToo) {
    save();
    EXPECT_THAT(kvctl({"snapshot", "verify", directory()}).out, HasSubstr("good: 0 keys"));
    EXPECT_EQ(kvctl({"snapshot", "restore", directory()}).code, 0);
}

TEST_F(Snapshot, FilesHaveTheSizeThatIsWanted) {
    fill(100);
    save({"--file-size", "1KiB"});
    const Json manifest = Json::parse(read(file("snapshot.json")));
    EXPECT_GT(manifest["files"].size(), 3U);
    const auto before = values();
    fake::store().clear();
    EXPECT_EQ(kvctl({"snapshot", "restore", directory()}).code, 0);
    EXPECT_EQ(values(), before);
}

TEST_F(Snapshot, ItSaysWhichClusterItIsOf) {
    fill(3);
    save();
    const Json manifest = Json::parse(read(file("snapshot.json")));
    EXPECT_EQ(manifest["cluster"], "orders");
    EXPECT_EQ(manifest["replication"], 3);
    EXPECT_EQ(manifest["max_moves_per_node"], 4);
    fake::store().clear();
    fake::cluster_status().replication = 2;
    fake::administration().settings.max_moves_per_node = 9;
    EXPECT_THAT(kvctl({"snapshot", "restore", directory()}).err,
                AllOf(HasSubstr("replication was 3, and is 2 here"),
                      HasSubstr("rebalance.max_moves_per_node was 4, and is 9 here")));
}

// A property: no byte is without meaning.
TEST_F(Snapshot, AnyByteThatIsDamagedIsFound) {
    fill(4);
    save();
    for (const char* name : {"keys-00000", "snapshot.json"}) {
        const std::string right = read(file(name));
        for (std::size_t place = 0; place < right.size(); ++place) {
            for (const unsigned bit : {0U, 5U}) {
                std::string wrong = right;
                wrong[place] = static_cast<char>(static_cast<unsigned char>(wrong[place]) ^ (1U << bit));
                write(file(name), wrong);
                EXPECT_EQ(kvctl({"snapshot", "verify", directory()}).code, 7)
                    << name << ": bit " << bit << " of byte " << place;
            }
        }
        write(file(name), right);
    }
    EXPECT_EQ(kvctl({"snapshot", "verify", directory()}).code, 0);
}

TEST_F(Snapshot, AnyEndThatIsMissingIsFound) {
    fill(4);
    save();
    for (const char* name : {"keys-00000", "snapshot.json"}) {
        const std::string right = read(file(name));
        // The last byte of the manifest is the end of a line.
        const std::size_t least = right.back() == '\n' ? 2 : 1;
        for (std::size_t missing = least; missing <= right.size(); ++missing) {
            write(file(name), right.substr(0, right.size() - missing));
            EXPECT_EQ(kvctl({"snapshot", "verify", directory()}).code, 7) << name << ": without " << missing;
        }
        write(file(name), right + "x");
        EXPECT_EQ(kvctl({"snapshot", "verify", directory()}).code, 7) << name << ": with a byte more";
        write(file(name), right);
    }
}

TEST_F(Snapshot, FilesThatAreMissingOrOfAnotherSnapshotAreFound) {
    fill(50);
    save({"--file-size", "1KiB"});
    fake::store()["key 1"].value = "another";
    ASSERT_EQ(kvctl({"snapshot", "save", directory("other"), "--file-size", "1KiB"}).code, 0);
    const std::string right = read(file("keys-00000"));

    std::filesystem::copy_file(root_ / "other" / "keys-00000", file("keys-00000"),
                               std::filesystem::copy_options::overwrite_existing);
    const Ran other = kvctl({"snapshot", "verify", directory()});
    EXPECT_EQ(other.code, 7);
    EXPECT_THAT(other.err, HasSubstr("keys-00000: is whole, but not the file that the manifest names"));

    std::filesystem::remove(file("keys-00000"));
    EXPECT_THAT(kvctl({"snapshot", "verify", directory()}).err, HasSubstr("keys-00000: cannot be opened"));
    write(file("keys-00000"), right);
    EXPECT_EQ(kvctl({"snapshot", "verify", directory()}).code, 0);
}

TEST_F(Snapshot, NothingOfADamagedSnapshotIsRestored) {
    fill(50);
    save();
    std::string bytes = read(file("keys-00000"));
    bytes[bytes.size() / 2] ^= 1;
    write(file("keys-00000"), bytes);
    fake::store().clear();
    const Ran ran = kvctl({"snapshot", "restore", directory()});
    EXPECT_EQ(ran.code, 7);
    EXPECT_THAT(ran.err, AllOf(HasSubstr("the block at byte"), HasSubstr("nothing was restored")));
    EXPECT_TRUE(fake::store().empty());
}

TEST_F(Snapshot, ADirectoryWithoutAManifestIsNone) {
    fill(3);
    save();
    std::filesystem::remove(file("snapshot.json"));
    const Ran ran = kvctl({"snapshot", "restore", directory()});
    EXPECT_EQ(ran.code, 7);
    EXPECT_THAT(ran.err, HasSubstr("one that was not finished"));
}

TEST_F(Snapshot, ALaterFormatIsNotGuessedAt) {
    fill(3);
    save();
    std::string manifest = read(file("snapshot.json"));
    manifest.replace(manifest.find("\"format\": 1"), 11, "\"format\": 2");
    write(file("snapshot.json"), manifest);
    EXPECT_THAT(kvctl({"snapshot", "verify", directory()}).err, HasSubstr("is of format 2; this kvctl knows"));
}

TEST_F(Snapshot, SavesIntoADirectoryOfItsOwn) {
    fill(3);
    save();
    const Ran ran = kvctl({"snapshot", "save", directory()});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("is not empty"));
    EXPECT_EQ(kvctl({"snapshot", "verify", directory()}).code, 0);
}

TEST_F(Snapshot, AClusterWithKeysIsNotFilledUnlessItIsSaid) {
    fill(3);
    save();
    fake::store()["key 1"].value = "newer";
    fake::store()["other"] = {"stays", 1};
    const Ran refused = kvctl({"snapshot", "restore", directory()});
    EXPECT_EQ(refused.code, 6);
    EXPECT_THAT(refused.err, HasSubstr("--overwrite"));
    EXPECT_EQ(fake::store()["key 1"].value, "newer");

    EXPECT_EQ(kvctl({"snapshot", "restore", directory(), "--overwrite"}).code, 0);
    EXPECT_EQ(fake::store()["key 1"].value, "v");
    EXPECT_EQ(fake::store()["other"].value, "stays");
}

TEST_F(Snapshot, KeysThatCannotBeStoredAreNamedAndCounted) {
    fill(3);
    fake::store()["unavailable key"] = {"value", 7};
    save();
    fake::store().clear();
    const Ran ran = kvctl({"-o", "json", "snapshot", "restore", directory()});
    EXPECT_EQ(ran.code, 4);
    EXPECT_THAT(ran.err, AllOf(HasSubstr("'unavailable key'"), HasSubstr("1 keys are not restored")));
    EXPECT_EQ(Json::parse(ran.out)["stored"], 3);
    EXPECT_EQ(Json::parse(ran.out)["failed"], 1);
}

TEST_F(Snapshot, OtherWordsAreUsage) {
    EXPECT_EQ(kvctl({"snapshot", "list", directory()}).code, 2);
    EXPECT_EQ(kvctl({"snapshot", "save"}).code, 2);
}

}  // namespace
}  // namespace ringkv::kvctl
