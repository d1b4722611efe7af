#include "registry/edge/store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/edge/codec/codec.hpp"
#include "common/partitioning.hpp"
#include "driver.hpp"
#include "registry/edge/sqlite.hpp"
#include "tests/temporary_directory.hpp"

namespace ringkv::test {
namespace {

struct Store : ::testing::Test {
    TemporaryDirectory made;
    std::filesystem::path directory = made.path();

    [[nodiscard]] std::filesystem::path file() const { return directory / "registry.db"; }
    std::unique_ptr<MapStore> open() {
        auto store = MapStore::open(directory.string());
        EXPECT_TRUE(store) << store.error();
        return store ? std::move(*store) : nullptr;
    }
    // Why it does not open; empty = it does.
    std::string refusal() {
        const auto store = MapStore::open(directory.string());
        if (store) return {};
        EXPECT_EQ(store.error().code(), ErrorCode::storage);
        return store.error().message();
    }

    // What a registry has stored in some life: formation, a node more, one down.
    static StorageBatch life(ClusterMap& map) {
        Driver registry;
        registry.form();
        registry.give(registry.node(4).origin(), registry.node(4).join);
        registry.beating.erase(2);
        registry.advance(std::chrono::seconds(2));
        map = registry.map();
        return registry.stored;
    }
    static void commit(MapStore& store, const StorageBatch& records) {
        for (const StorageRecord& record : records)
            ASSERT_TRUE(store.commit(store.durable()->next(), StorageBatch{record}));
    }
};

TEST_F(Store, OfANewDirectoryIsEmpty) {
    directory /= "a/b";
    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(*store->load(), ClusterMap{});
}

TEST_F(Store, GivesBackWhatWasCommitted) {
    ClusterMap map;
    const StorageBatch records = life(map);
    auto store = open();
    commit(*store, records);
    EXPECT_EQ(*store->durable(), BatchNumber(records.size()));
    EXPECT_EQ(*store->load(), map);
    store.reset();
    EXPECT_EQ(*open()->load(), map);
}

TEST_F(Store, ForgetsNodesAndGoesOnAfterReopening) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    store.reset();
    store = open();
    MapDelta delta{map.generation, map.epoch.next(), {}, {}, {NodeId(4)}, {{PartitionId(3), map.at(PartitionId(4))}}};
    ASSERT_EQ(map.apply(delta), ClusterMap::Applied::yes);
    commit(*store, {delta});
    store.reset();
    EXPECT_EQ(*open()->load(), map);
}

// The files as a killed process leaves them: no close, no checkpoint.
TEST_F(Store, HasEverythingAfterACrash) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    const std::filesystem::path crashed = directory / "crashed";
    std::filesystem::create_directory(crashed);
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        if (entry.is_regular_file()) std::filesystem::copy(entry.path(), crashed / entry.path().filename());
    const auto reopened = MapStore::open(crashed.string());
    ASSERT_TRUE(reopened) << reopened.error();
    EXPECT_EQ(*(*reopened)->load(), map);
}

TEST_F(Store, RefusesASecondOpener) {
    auto store = open();
    EXPECT_NE(refusal().find("in use"), std::string::npos);
    ClusterMap map;
    commit(*store, life(map));
    EXPECT_NE(refusal().find("in use"), std::string::npos);
    store.reset();
    EXPECT_EQ(refusal(), "");
}

TEST_F(Store, RefusesAnEpochThatDoesNotFollow) {
    ClusterMap map;
    auto store = open();
    StorageBatch records = life(map);
    const StorageRecord last = records.back();
    commit(*store, records);
    EXPECT_FALSE(store->commit(BatchNumber(9), StorageBatch{last}));
    EXPECT_FALSE(store->commit(BatchNumber(9), StorageBatch{CommitRecord{}}));
    EXPECT_EQ(*store->load(), map);
}

TEST_F(Store, KeepsTheGenerationOfARebuildThatDidNotEnd) {
    auto store = open();
    EXPECT_EQ(store->fence(), Generation(0));
    commit(*store, {FenceRecord{{Generation(4), uuid(1)}}});
    store.reset();
    store = open();
    EXPECT_EQ(*store->load(), ClusterMap{});
    EXPECT_EQ(store->fence(), Generation(4));
}

// A rebuild's first epoch goes on where the lost registry's ended.
TEST_F(Store, BeginsAtAnyEpochAndGoesOnFromThere) {
    ClusterMap map;
    StorageBatch records = life(map);
    auto first = std::find_if(records.begin(), records.end(),
                              [](const StorageRecord& record) { return std::holds_alternative<MapDelta>(record); });
    auto delta = std::get<MapDelta>(*first);
    delta.generation = Generation(2);
    delta.epoch = Epoch(40);
    auto store = open();
    commit(*store, {delta});
    EXPECT_EQ(store->load()->epoch, Epoch(40));
    EXPECT_FALSE(store->commit(BatchNumber(9), StorageBatch{delta}));
    delta.epoch = Epoch(41);
    EXPECT_TRUE(store->commit(BatchNumber(9), StorageBatch{delta}));
}

// ---------------------------------------------------------------- events

std::vector<Event> events_in(const StorageBatch& records) {
    std::vector<Event> events;
    for (const StorageRecord& record : records)
        if (const auto* told = std::get_if<EventsRecord>(&record))
            events.insert(events.end(), told->events.begin(), told->events.end());
    return events;
}

EventsRecord some_events(std::uint64_t first, std::uint64_t last) {
    EventsRecord record;
    for (std::uint64_t id = first; id <= last; ++id) {
        Event event;
        event.id = EventId(id);
        event.kind = "node_down";
        event.node = "n" + std::to_string(id);
        event.cause = EventId(id - 1);
        event.partition = PartitionId(3);
        event.count = id;
        record.events.push_back(std::move(event));
    }
    return record;
}

TEST_F(Store, GivesBackTheEventsOfARegistrysLife) {
    ClusterMap map;
    const StorageBatch records = life(map);
    const std::vector<Event> told = events_in(records);
    ASSERT_GE(told.size(), 3U);
    auto store = open();
    commit(*store, records);
    EXPECT_EQ(*store->load_events(), told);
    store.reset();
    EXPECT_EQ(*open()->load_events(), told);
}

TEST_F(Store, KeepsTheNewestTenThousandEvents) {
    auto store = open();
    commit(*store, {some_events(1, 6000), some_events(6001, 10003)});
    store.reset();
    const auto kept = *open()->load_events();
    ASSERT_EQ(kept.size(), 10000U);
    EXPECT_EQ(kept.front(), some_events(4, 4).events.front());
    EXPECT_EQ(kept.back().id, EventId(10003));
}

// As of a registry that waits for nodes: the first map comes later.
TEST_F(Store, HasEventsBeforeThereIsAMap) {
    auto store = open();
    commit(*store, {some_events(1, 1)});
    store.reset();
    store = open();
    EXPECT_EQ(*store->load(), ClusterMap{});
    EXPECT_EQ(store->load_events()->size(), 1U);
    ClusterMap map;
    StorageBatch records = life(map);
    std::erase_if(records, [](const StorageRecord& record) { return std::holds_alternative<EventsRecord>(record); });
    commit(*store, records);
    store.reset();
    EXPECT_EQ(*open()->load(), map);
    auto database = sqlite::Database::open(file().string());
    ASSERT_TRUE(database);
    EXPECT_EQ((*database)->text("SELECT value FROM meta WHERE key = 'format'").value(), "1");
}

// As releases up to 0.5 left it.
TEST_F(Store, WithoutATableOfEventsGetsOne) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    store.reset();
    {
        auto database = sqlite::Database::open(file().string());
        ASSERT_TRUE(database);
        ASSERT_TRUE((*database)->execute("DROP TABLE events"));
    }
    store = open();
    EXPECT_EQ(*store->load(), map);
    EXPECT_TRUE(store->load_events()->empty());
    commit(*store, {some_events(1, 2)});
    store.reset();
    EXPECT_EQ(open()->load_events()->size(), 2U);
}

TEST_F(Store, RefusesEventsOfWhichOneIsMissing) {
    auto store = open();
    commit(*store, {some_events(1, 3)});
    store.reset();
    {
        auto database = sqlite::Database::open(file().string());
        ASSERT_TRUE(database);
        ASSERT_TRUE((*database)->execute("DELETE FROM events WHERE id = 2"));
    }
    EXPECT_NE(refusal().find("an event is missing"), std::string::npos);
}

TEST_F(Store, RefusesWhatIsNotADatabase) {
    std::ofstream(file()) << std::string(5000, 'x');
    EXPECT_NE(refusal().find("damaged"), std::string::npos);
    EXPECT_EQ(std::filesystem::file_size(file()), 5000U) << "it is left as it is";
}

TEST_F(Store, RefusesADatabaseOfSomebodyElse) {
    {
        auto other = sqlite::Database::open(file().string());
        ASSERT_TRUE(other);
        ASSERT_TRUE((*other)->execute("CREATE TABLE theirs (x)"));
    }
    EXPECT_NE(refusal().find("not a registry's store"), std::string::npos);
}

// ---------------------------------------------------------------- of other releases

// Puts a row into the store, as another release would have.
void put(const std::filesystem::path& file, const std::string& table, const std::string& id, const std::string& value) {
    auto database = sqlite::Database::open(file.string());
    ASSERT_TRUE(database);
    auto put = (*database)->prepare("INSERT OR REPLACE INTO " + table + " VALUES (" + id + ", ?1, ?2)");
    ASSERT_TRUE(put) << put.error();
    ASSERT_TRUE(put->bind(1, value).bind(2, static_cast<std::int64_t>(hash_of(value))).run());
}

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(Store, NamesTheFormatOfItsValues) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    store.reset();
    auto database = sqlite::Database::open(file().string());
    ASSERT_TRUE(database);
    EXPECT_EQ((*database)->text("SELECT value FROM meta WHERE key = 'format'").value(), "1");
}

TEST_F(Store, GoesOnWithOneThatNamesNoFormat) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    store.reset();
    {
        auto database = sqlite::Database::open(file().string());
        ASSERT_TRUE(database);
        ASSERT_TRUE((*database)->execute("DELETE FROM meta WHERE key = 'format'"));
    }
    EXPECT_EQ(*open()->load(), map);
    MapDelta delta{map.generation, map.epoch.next(), {}, {}, {}, {}};
    ASSERT_EQ(map.apply(delta), ClusterMap::Applied::yes);
    commit(*open(), {delta});
    EXPECT_EQ(*open()->load(), map);
}

TEST_F(Store, LeavesOneOfANewerFormatAsItIs) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    store.reset();
    put(file(), "meta", "'format'", "2");
    // As its program was killed: with what it wrote last in the write-ahead log.
    auto newer = sqlite::Database::open(file().string());
    ASSERT_TRUE(newer);
    ASSERT_TRUE((*newer)->execute("PRAGMA journal_mode = WAL; CREATE TABLE more (x)"));
    const std::filesystem::path killed = directory / "killed";
    std::filesystem::create_directory(killed);
    for (const char* name : {"registry.db", "registry.db-wal"}) std::filesystem::copy(directory / name, killed / name);
    newer->reset();
    directory = killed;
    const std::string database = content_of(file());
    const std::string log = content_of(file().string() + "-wal");
    ASSERT_FALSE(log.empty());

    const std::string why = refusal();
    EXPECT_NE(why.find("written by a newer release: values of format 2"), std::string::npos) << why;
    EXPECT_EQ(why.find("damaged"), std::string::npos) << why;
    EXPECT_EQ(content_of(file()), database);
    EXPECT_EQ(content_of(file().string() + "-wal"), log);
}

TEST_F(Store, AValueWithAnUnknownEnumeratorIsOfANewerRelease) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    store.reset();
    NodeInfo node = map.nodes.at(NodeId(1));
    node.duty = NodeDuty(3);
    put(file(), "nodes", "1", encode_value(node));
    const std::string why = refusal();
    EXPECT_NE(why.find("written by a newer release"), std::string::npos) << why;
    EXPECT_EQ(why.find("damaged"), std::string::npos) << why;
}

// Fields that another release does not have.
TEST_F(Store, ValuesMayHaveFewerFieldsOrMore) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    store.reset();
    std::string fewer = encode_value(map.nodes.at(NodeId(1)));
    ASSERT_EQ(fewer.substr(0, 1), "\x9b");
    ASSERT_EQ(fewer.back(), '\xc2') << "evicted: false";
    fewer.pop_back();
    fewer[0] = '\x9a';
    put(file(), "nodes", "1", fewer);
    std::string more = encode_value(map.nodes.at(NodeId(3))) + "\x93\x01\x02\x03";
    more[0] = '\x9c';
    put(file(), "nodes", "3", more);
    EXPECT_EQ(*open()->load(), map);
}

// Wherever a byte is flipped: refused, or harmless.
TEST_F(Store, NeverGivesBackAMapThatWasDamaged) {
    ClusterMap map;
    auto store = open();
    commit(*store, life(map));
    store.reset();
    std::string content;
    {
        std::ifstream in(file(), std::ios::binary);
        content.assign(std::istreambuf_iterator<char>(in), {});
    }
    ASSERT_GT(content.size(), 4096U);
    int refused = 0;
    for (std::size_t at = 0; at < content.size(); at += 97) {
        std::string flipped = content;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
        for (const auto& entry : std::filesystem::directory_iterator(directory)) std::filesystem::remove(entry);
        std::ofstream(file(), std::ios::binary) << flipped;
        const auto opened = MapStore::open(directory.string());
        if (!opened) {
            ++refused;
            continue;
        }
        const auto loaded = (*opened)->load();
        ASSERT_TRUE(loaded);
        EXPECT_EQ(*loaded, map) << "byte " << at;
    }
    EXPECT_GT(refused, 10);
}

}  // namespace
}  // namespace ringkv::test
