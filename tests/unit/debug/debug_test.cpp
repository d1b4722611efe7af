// kvctl debug log: a segment in, its records out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kvctl/commands/debug.hpp"
#include "node/edge/disk/disk_log.hpp"
#include "node/edge/disk/posix_files.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/kvctl/json_shapes.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv {
namespace {

using testing::HasSubstr;
using testing::Not;

class KvctlDebug : public testing::Test {
  protected:
    KvctlDebug() {
        DiskLogOptions options;
        options.segment_bytes = 1024;
        options.owner.shards = 2;
        auto log = *DiskLog::create(*open_folder(folder_), {}, options);
        Entry entry;
        entry.op = OpNumber(1);
        entry.kind = EntryKind::set;
        entry.key = "a\x1b[2J";
        entry.value = "\xff";
        EXPECT_TRUE(log->commit(
            BatchNumber(1), {AppendRecord{PartitionId(3), share(entry)}, CommitRecord{PartitionId(3), OpNumber(0)}}));
        EXPECT_TRUE(log->commit(BatchNumber(2), {ViewRecord{PartitionId(3), View{{}, {}, NodeId(1), {NodeId(1)}}}}));
    }

    kvctl::Ran debug(std::vector<std::string> words) {
        kvctl::TextInput in("");
        std::ostringstream out;
        std::ostringstream err;
        const kvctl::Console console{.in = in, .out = out, .err = err};
        kvctl::Program program;
        program.debug = kvctl::run_debug;
        words.insert(words.begin(), "debug");
        const auto code = static_cast<int>(kvctl::run(words, console, program));
        return {code, out.str(), err.str()};
    }
    // A byte of the segment is another one.
    void damage(std::streamoff offset) {
        std::fstream file(segment(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(offset);
        file.put('!');
    }
    [[nodiscard]] std::string segment() const { return folder_ + "/segment-0000000001"; }

    test::TemporaryDirectory made_;
    const std::string folder_ = made_.string();
};

TEST_F(KvctlDebug, PrintsEachRecordInALine) {
    const kvctl::Ran ran = debug({"log", segment()});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("128 1 append partition=3 entry={op=1 view={generation=0 number=0} kind=set "
                                   "key='a\\x1b[2J' value='\\xff'"));
    EXPECT_THAT(ran.out, HasSubstr("\n128 1 commit partition=3 commit=0\n"));
    EXPECT_THAT(ran.out, HasSubstr(" 2 view partition=3 view={"));
    EXPECT_THAT(ran.out, HasSubstr("members=[1]"));
    EXPECT_THAT(ran.err, HasSubstr("shard 0 of 2"));
    EXPECT_THAT(ran.err, HasSubstr("2 frames, 3 records, from frame 1 on"));
    EXPECT_THAT(ran.err, Not(HasSubstr("damaged")));
}

TEST_F(KvctlDebug, PrintsJson) {
    const kvctl::Ran ran = debug({"log", segment(), "-o", "json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    const auto line = kvctl::Json::parse(ran.out.substr(0, ran.out.find('\n')));
    EXPECT_EQ(line["offset"], 128);
    EXPECT_EQ(line["frame"], 1);
    EXPECT_EQ(line["type"], "append");
    EXPECT_EQ(line["record"]["partition"], 3);
    EXPECT_EQ(line["record"]["entry"]["key"], "a\x1b[2J");
    EXPECT_EQ(line["record"]["entry"]["value_base64"], "/w==");
}

TEST_F(KvctlDebug, PrintsJsonAsDocumented) {
    kvctl::JsonShapes shapes = kvctl::JsonShapes::of_the_documents();
    EXPECT_THAT(shapes.faults("debug", debug({"log", segment(), "-o", "json"}).out), testing::IsEmpty());
    EXPECT_THAT(shapes.never_seen("debug"), testing::IsEmpty());
    EXPECT_EQ(debug({"log", folder_ + "/nothing", "-o", "json"}).out, "");
}

TEST_F(KvctlDebug, SaysWhereAFileIsDamaged) {
    damage(128 + 40);
    const kvctl::Ran ran = debug({"log", segment()});
    EXPECT_EQ(ran.code, 7);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("damaged: segment 1, offset 128: frame 1 is damaged: a later one, at offset "));
}

TEST_F(KvctlDebug, SaysWhatMayBeATornWrite) {
    const std::string out = debug({"log", segment()}).out;
    const std::size_t last = out.rfind('\n', out.size() - 2) + 1;
    damage(std::stoi(out.substr(last)) + 40);
    const kvctl::Ran ran = debug({"log", segment()});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out, out.substr(0, last));
    EXPECT_THAT(ran.err, HasSubstr("is no whole frame"));
}

TEST_F(KvctlDebug, SaysThatAFileIsCutOff) {
    std::filesystem::resize_file(segment(), 1000);
    const kvctl::Ran ran = debug({"log", segment()});
    EXPECT_EQ(ran.code, 7);
    EXPECT_THAT(ran.out, HasSubstr("append"));
    EXPECT_THAT(ran.err, HasSubstr("the file has 1000 bytes, and had 1024"));
}

TEST_F(KvctlDebug, SaysWhatIsNoSegment) {
    EXPECT_THAT(debug({"log", folder_ + "/head"}).err, HasSubstr("too short for a log's segment"));
    EXPECT_THAT(debug({"log", folder_ + "/nothing"}).err, HasSubstr("cannot be opened"));
    EXPECT_EQ(debug({"log", folder_ + "/nothing"}).code, 7);
    damage(0);
    EXPECT_THAT(debug({"log", segment()}).err, HasSubstr("does not begin as a log's segment does"));
    const kvctl::Ran ran = debug({"lock", segment()});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("there is log"));
}

}  // namespace
}  // namespace ringkv
