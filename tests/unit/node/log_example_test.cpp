// The worked example of docs/log-format.md is what is written.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/node/disk_log_fixture.hpp"

namespace ringkv {
namespace {

// The bytes of the lines between the two markers; what stands behind two blanks explains them.
std::string example() {
    std::ifstream page(std::string(RINGKV_SOURCE_DIR) + "/docs/log-format.md");
    std::string bytes;
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("<!-- ")) inside = line == "<!-- the example -->";
        if (!inside || !line.starts_with("    ")) continue;
        const std::string hex = line.substr(4, line.find("  ", 4) - 4);
        std::string digits;
        for (const char digit : hex) {
            if (digit == ' ') continue;
            digits += digit;
            if (digits.size() < 2) continue;
            bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
            digits.clear();
        }
    }
    return bytes;
}

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        char digits[4];
        std::snprintf(digits, sizeof(digits), "%02x ", static_cast<unsigned char>(byte));
        text += digits;
    }
    return text;
}

TEST(DiskLog, WritesTheExampleOfItsPage) {
    test::DiskLogs logs;
    logs.options.owner = {test::uuid(0x22), {}, 0, 1};
    logs.options.segment_bytes = 256;
    auto log = *DiskLog::create(logs.disk.folder(), test::uuid(0x11), logs.options);
    Entry entry;
    entry.op = OpNumber(6);
    entry.view = {Generation(1), ViewNumber(2)};
    entry.kind = EntryKind::set;
    entry.key = "k";
    entry.value = "v";
    entry.client = ClientId(9);
    entry.sequence = entry.lowest = Sequence(4);
    entry.version = OpNumber(6);
    ASSERT_TRUE(log->commit(BatchNumber(1), {AppendRecord{PartitionId(3), share(entry), OpNumber(5)},
                                             LogViewRecord{PartitionId(3), entry.view}}));
    EXPECT_EQ(hex(logs.disk.copy()["segment-0000000001"]), hex(example()));
}

}  // namespace
}  // namespace ringkv
