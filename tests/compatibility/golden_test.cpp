// Files of old releases, read with the code of today.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <msgpack.hpp>

#include "common/edge/codec/codec.hpp"
#include "node/edge/disk/posix_files.hpp"
#include "registry/edge/store.hpp"
#include "tests/compatibility/log1/values.hpp"
#include "tests/compatibility/v1/values.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/edge/samples.hpp"

namespace ringkv {
namespace {

using samples::same;

const std::filesystem::path files = RINGKV_GOLDEN_FILES;
const std::filesystem::path v1_files = files / "v1";

// The lines of a file of hexadecimal digits, as bytes.
std::vector<std::string> bytes_in(const std::string& name) {
    std::ifstream file(v1_files / name);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) {
        std::string& bytes = all.emplace_back();
        for (std::size_t at = 0; at + 1 < line.size(); at += 2)
            bytes += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
    }
    return all;
}

TEST(Golden, FramesOfVersionOneAreRead) {
    const std::vector<Message> messages = v1::messages();
    const std::vector<std::string> frames = bytes_in("frames.hex");
    ASSERT_EQ(frames.size(), 34U);
    ASSERT_EQ(messages.size(), frames.size());
    for (std::size_t type = 0; type < frames.size(); ++type) {
        ASSERT_EQ(messages[type].index(), type);
        const auto decoded = decode(frames[type]);
        ASSERT_TRUE(decoded) << name_of(messages[type]) << ": " << decoded.error();
        EXPECT_EQ(decoded->sender.cluster, v1::uuid(0xf0));
        EXPECT_EQ(decoded->sender.node, NodeId(3));
        EXPECT_EQ(decoded->sender.start, StartNumber(9));
        EXPECT_EQ(decoded->to, NodeId(4));
        ASSERT_EQ(decoded->messages.size(), 1U) << name_of(messages[type]);
        EXPECT_TRUE(same(decoded->messages.front(), messages[type])) << name_of(messages[type]);
    }
}

TEST(Golden, RecordsOfVersionOneAreRead) {
    const std::vector<StorageRecord> records = v1::records();
    const std::vector<std::string> stored = bytes_in("records.hex");
    ASSERT_EQ(stored.size(), 10U);
    ASSERT_EQ(records.size(), stored.size());
    for (std::size_t type = 0; type < stored.size(); ++type) {
        ASSERT_EQ(records[type].index(), type);
        const auto decoded = decode_record(stored[type]);
        ASSERT_TRUE(decoded) << "record type " << type << ": " << decoded.error();
        EXPECT_TRUE(same(*decoded, records[type])) << "record type " << type;
    }
}

TEST(Golden, ARegistrysStoreOfVersionOneIsReadAndGoneOnWith) {
    const test::TemporaryDirectory directory;
    const std::string name = directory.string();
    std::filesystem::copy(v1_files / "registry.db", std::filesystem::path(name) / "registry.db");
    ClusterMap expected;
    for (const MapDelta& delta : v1::stored()) ASSERT_EQ(expected.apply(delta), ClusterMap::Applied::yes);
    for (int round = 0; round < 2; ++round) {
        auto store = MapStore::open(name);
        ASSERT_TRUE(store) << store.error();
        const auto loaded = (*store)->load();
        ASSERT_TRUE(loaded) << loaded.error();
        EXPECT_EQ(*loaded, expected);
        EXPECT_EQ((*store)->load_events()->size(), static_cast<std::size_t>(round)) << "it had none";
        const MapDelta next{expected.generation, expected.epoch.next(), {}, {v1::node(1)}, {}, {}};
        ASSERT_EQ(expected.apply(next), ClusterMap::Applied::yes);
        Event event;
        event.id = EventId(static_cast<std::uint64_t>(round) + 1);
        ASSERT_TRUE((*store)->commit(BatchNumber(1), {EventsRecord{{event}}, next}));
    }
}

TEST(Golden, ALogOfFormatOneIsReadAndGoneOnWith) {
    const test::TemporaryDirectory directory;
    const std::string name = directory.string();
    for (const auto& file : std::filesystem::directory_iterator(files / "log1"))
        if (file.path().extension().empty()) std::filesystem::copy(file.path(), name);
    std::vector<StorageRecord> expected;
    for (const StorageBatch& batch : log1::batches()) expected.insert(expected.end(), batch.begin(), batch.end());
    DiskLogOptions options = log1::options();
    for (std::uint64_t round = 0; round < 2; ++round) {
        options.start = StartNumber(2 + round);
        auto log = DiskLog::open(*open_folder(name), options);
        ASSERT_TRUE(log) << log.error();
        std::vector<StorageRecord> found;
        const auto replayed = (*log)->replay([&](const StorageRecord& record) { found.push_back(record); });
        ASSERT_TRUE(replayed) << replayed.error();
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(same(found[i], expected[i])) << "record " << i;
        ASSERT_TRUE((*log)->commit(BatchNumber(1), {v1::records().front()}));
        expected.push_back(v1::records().front());
    }
}

// ---------------------------------------------------------------- what is written today

std::vector<msgpack::object_handle> values_in(const std::string& bytes) {
    std::vector<msgpack::object_handle> values;
    for (std::size_t at = 0; at < bytes.size();) values.push_back(msgpack::unpack(bytes.data(), bytes.size(), at));
    return values;
}

// The same, or an array that begins with the same.
bool begins_with(const msgpack::object& today, const msgpack::object& then) {
    if (then.type != msgpack::type::ARRAY || today.type != msgpack::type::ARRAY) return today == then;
    const msgpack::object_array& fields = today.via.array;
    if (fields.size < then.via.array.size) return false;
    for (std::uint32_t i = 0; i < then.via.array.size; ++i)
        if (!begins_with(fields.ptr[i], then.via.array.ptr[i])) return false;
    return true;
}

// No field is ever taken away or moved, and none changes how it is written.
constexpr std::uint32_t minor_field = 2;  // of the header
TEST(Golden, FieldsStandWhereTheyStoodInVersionOne) {
    const std::vector<Message> messages = v1::messages();
    const std::vector<std::string> frames = bytes_in("frames.hex");
    ASSERT_EQ(messages.size(), frames.size());
    const Identity sender{v1::uuid(0xf0), NodeId(3), StartNumber(9)};
    for (std::size_t type = 0; type < frames.size(); ++type) {
        const auto today = values_in(encode(sender, NodeId(4), {messages[type]}));
        const auto then = values_in(frames[type]);
        ASSERT_EQ(today.size(), 2U);
        ASSERT_EQ(then.size(), 2U);
        today[0].get().via.array.ptr[minor_field] = then[0].get().via.array.ptr[minor_field];  // that alone may grow
        EXPECT_TRUE(begins_with(today[0].get(), then[0].get())) << "the header";
        EXPECT_TRUE(begins_with(today[1].get(), then[1].get())) << name_of(messages[type]);
    }
}

TEST(Golden, FieldsOfRecordsStandWhereTheyStoodInVersionOne) {
    const std::vector<StorageRecord> records = v1::records();
    const std::vector<std::string> stored = bytes_in("records.hex");
    ASSERT_EQ(records.size(), stored.size());
    for (std::size_t type = 0; type < stored.size(); ++type) {
        if (std::holds_alternative<ReservedRecord>(records[type])) continue;  // 0.5 never wrote what it was
        const auto today = values_in(encode_record(records[type]));
        const auto then = values_in(stored[type]);
        const msgpack::object_array fields = today.at(0).get().via.array;
        const msgpack::object_array old_fields = then.at(0).get().via.array;
        // Up to 0.5 the type stood alone.
        ASSERT_EQ(fields.ptr[0].type, msgpack::type::ARRAY);
        ASSERT_EQ(fields.ptr[0].via.array.ptr[0], msgpack::object(2));
        ASSERT_EQ(fields.ptr[0].via.array.ptr[1], old_fields.ptr[0]);
        ASSERT_GE(fields.size, old_fields.size);
        for (std::uint32_t i = 1; i < old_fields.size; ++i)
            EXPECT_TRUE(begins_with(fields.ptr[i], old_fields.ptr[i])) << "record type " << type << ", field " << i;
    }
}

}  // namespace
}  // namespace ringkv
