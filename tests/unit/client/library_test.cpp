// The public library over real sockets.
#include <gtest/gtest.h>

#include <ringkv/client.hpp>
#include <set>

#include "tests/unit/client/loopback_cluster.hpp"

namespace ringkv::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Library : public ::testing::Test {
  protected:
    Library() { cluster.start(); }
    Client connect(milliseconds deadline = seconds(60)) {
        auto client = Client::connect({.registries = {cluster.registry_endpoint}, .deadline = deadline});
        if (!client) throw std::runtime_error(client.error().message());
        return std::move(*client);
    }
    Client connect(Options options) {
        options.registries = {cluster.registry_endpoint};
        options.deadline = seconds(60);
        auto client = Client::connect(std::move(options));
        if (!client) throw std::runtime_error(client.error().message());
        return std::move(*client);
    }
    LoopbackCluster cluster;
};

TEST_F(Library, WritesReadsAndRemoves) {
    Client client = connect();
    const std::string key("k\0\xff", 3);
    const std::string value("\0\n", 2);
    const auto put = client.put(key, value);
    ASSERT_TRUE(put) << put.error();
    const auto found = client.get(key);
    ASSERT_TRUE(found) << found.error();
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ((*found)->value, value);
    EXPECT_EQ((*found)->version, *put);
    const auto removed = client.erase(key);
    ASSERT_TRUE(removed) << removed.error();
    EXPECT_GT(removed->value(), *put);
    EXPECT_FALSE(client.get(key)->has_value());
    EXPECT_FALSE(client.erase(key)->has_value());
    EXPECT_EQ(client.put("", "x").error().code(), ErrorCode::invalid_argument);
}

TEST_F(Library, AsksForLessWhereACallSaysSo) {
    Client client = connect();
    EXPECT_EQ(client.put("k", "v", {.ack = WriteAck::primary}).value(), 0U);
    EXPECT_EQ(client.put_many({{"k", "v"}}, {.ack = WriteAck::primary}).at(0).value(), 0U);
    const ReadOptions stale{.read = ReadConsistency::stale, .max_age = milliseconds(50)};
    const auto read = client.read("k", stale);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->found->value, "v");
    EXPECT_EQ(read->age, milliseconds(50));
    EXPECT_EQ(client.read("k", {}).value().age, milliseconds(0)) << "linearizable";
    const auto none = client.read_many({"none"}, stale).at(0);
    EXPECT_TRUE(!none->found && none->age == milliseconds(50)) << "that there is none has an age, too";
    std::promise<Result<StaleValue>> later;
    client.async_read("k", {.read = ReadConsistency::stale}, [&](auto result) { later.set_value(std::move(result)); });
    EXPECT_EQ(later.get_future().get()->age, milliseconds(7));
    EXPECT_EQ(client.scan("", {.read = stale}).value().at(0).age, milliseconds(50));
    EXPECT_EQ(client.erase("k", {.ack = WriteAck::primary}).value(), std::optional<Version>(0));
}

TEST_F(Library, AsksForLessByItselfWhereTheClientIsToldSo) {
    Client client = connect({.registries = {}, .read = ReadConsistency::stale, .ack = WriteAck::primary, .rack = "a"});
    EXPECT_EQ(client.put("k", "v").value(), 0U);
    EXPECT_GT(client.put("k", "v", {}).value(), 0U);
    EXPECT_GT(client.compare_and_set("new", 0, "v").value(), 0U) << "a conditional write is acknowledged by all";
    EXPECT_EQ(client.get("k").value()->value, "v");
    EXPECT_EQ(client.scan().value().at(0).age, milliseconds(7));
    EXPECT_EQ(client.async_put("k", "v").get().value(), 0U);
}

TEST_F(Library, ComparesAndSets) {
    Client client = connect();
    const auto created = client.compare_and_set("k", 0, "a");
    ASSERT_TRUE(created) << created.error();
    EXPECT_EQ(client.compare_and_set("k", 0, "b").error().code(), ErrorCode::condition_failed);
    const auto changed = client.compare_and_set("k", *created, "b");
    ASSERT_TRUE(changed) << changed.error();
    const auto stale = client.compare_and_erase("k", *created);
    ASSERT_FALSE(stale);
    EXPECT_FALSE(stale.error().maybe_applied());
    EXPECT_NE(stale.error().message().find(std::to_string(*changed)), std::string::npos);
    EXPECT_TRUE(client.compare_and_erase("k", *changed));
}

TEST_F(Library, IsSharedByManyThreads) {
    Client client = connect();
    std::vector<std::thread> threads;
    threads.reserve(8);
    std::atomic<int> wrong{0};
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 300; ++i) {
                const std::string key = "t" + std::to_string(t) + "/" + std::to_string(i);
                if (!client.put(key, key)) ++wrong;
                const auto found = client.get(key);
                if (!found || !*found || (*found)->value != key) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

TEST_F(Library, ManyAtOnceComeBackInOrder) {
    Client client = connect();
    std::vector<std::pair<std::string, std::string>> entries;
    std::vector<std::string> keys;
    for (int i = 0; i < 20000; ++i) {
        keys.push_back("key" + std::to_string(i));
        entries.emplace_back(keys.back(), "value" + std::to_string(i));
    }
    keys.emplace_back("absent");
    keys.emplace_back("");
    for (const auto& written : client.put_many(entries)) ASSERT_TRUE(written) << written.error();
    const auto found = client.get_many(keys);
    ASSERT_EQ(found.size(), keys.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        ASSERT_TRUE(found[i]) << found[i].error();
        ASSERT_EQ((*found[i])->value, entries[i].second);
    }
    EXPECT_FALSE(found[20000]->has_value());
    EXPECT_EQ(found[20001].error().code(), ErrorCode::invalid_argument);
    EXPECT_TRUE(client.get_many({}).empty());
}

TEST_F(Library, ScanFindsEveryKeyOnceAndInOrderWithinAPartition) {
    Client client = connect();
    std::vector<std::pair<std::string, std::string>> entries;
    entries.reserve(600);
    for (int i = 0; i < 500; ++i) entries.emplace_back("a/" + std::to_string(i), "v" + std::to_string(i));
    for (int i = 0; i < 100; ++i) entries.emplace_back("b/" + std::to_string(i), "");
    for (const auto& written : client.put_many(entries)) ASSERT_TRUE(written);

    const auto all = client.scan();
    ASSERT_TRUE(all) << all.error();
    EXPECT_EQ(all->size(), 600U);
    std::set<std::string> keys;
    std::map<PartitionId, std::string> last;
    for (const KeyValue& entry : *all) {
        EXPECT_TRUE(keys.insert(entry.key).second) << entry.key << " twice";
        std::string& before = last[partition_of(entry.key, 8)];
        EXPECT_LT(before, entry.key);
        before = entry.key;
        EXPECT_EQ(entry.value, entry.key[0] == 'a' ? "v" + entry.key.substr(2) : "");
    }
    EXPECT_EQ(client.scan("a/")->size(), 500U);
    EXPECT_EQ(client.scan("c")->size(), 0U);
    EXPECT_EQ(client.scan("a/", {.limit = 123})->size(), 123U);
    const auto only_keys = client.scan("a/", {.limit = 1, .keys_only = true});
    ASSERT_EQ(only_keys->size(), 1U);
    EXPECT_EQ(only_keys->front().value, "");
}

TEST_F(Library, ScanStopsWhenToldAndMayCallTheClient) {
    Client client = connect();
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(client.put("k" + std::to_string(i), "v"));
    int seen = 0;
    const auto scanned = client.scan("k", {}, [&](const KeyValue& entry) {
        EXPECT_TRUE(client.get(entry.key)->has_value());
        return ++seen < 20;
    });
    EXPECT_EQ(*scanned, 20U);
    EXPECT_EQ(seen, 20);
    EXPECT_THROW((void)client.scan("k", {}, [](const KeyValue&) -> bool { throw std::runtime_error("enough"); }),
                 std::runtime_error);
    EXPECT_TRUE(client.put("still", "alive"));
}

TEST_F(Library, FuturesAndCallbacks) {
    Client client = connect();
    EXPECT_TRUE(client.async_put("f", "1").get());
    EXPECT_EQ(client.async_get("f").get()->value().value, "1");
    EXPECT_TRUE(client.async_compare_and_set("f", 0, "x").get().error().code() == ErrorCode::condition_failed);
    EXPECT_TRUE(client.async_erase("f").get()->has_value());

    constexpr int chains = 100;
    std::atomic<int> left{chains};
    std::promise<void> all;
    for (int i = 0; i < chains; ++i) {
        const std::string key = "c" + std::to_string(i);
        client.async_put(key, key, [&, key](const Result<Version>& put) {
            EXPECT_TRUE(put);
            client.async_get(key, [&, key](const Result<std::optional<VersionedValue>>& got) {
                EXPECT_EQ((*got)->value, key);
                client.async_compare_and_set(key, (*got)->version, "new", [&, key](const Result<Version>& set) {
                    EXPECT_TRUE(set);
                    client.async_erase(key, [&](const Result<std::optional<Version>>& erased) {
                        EXPECT_TRUE(erased);
                        if (--left == 0) all.set_value();
                    });
                });
            });
        });
    }
    ASSERT_EQ(all.get_future().wait_for(seconds(60)), std::future_status::ready);
}

// Each call is made in the callback of the one before, which is when calls that have ended are used again; and one of
// them ends before it has begun.
TEST_F(Library, CallsMadeInCallbacksHaveNothingOfEarlierOnes) {
    Client client = connect();
    std::promise<std::string> end;
    const std::string long_value(3000, 'v');
    std::function<void(int)> round = [&](int left) {
        if (left == 0) return end.set_value("");
        const std::string value = left % 2 == 0 ? long_value : std::to_string(left);
        client.async_put("k", value, [&, value, left](const Result<Version>& put) {
            if (!put) return end.set_value("put: " + put.error().message());
            client.async_get("k", [&, value, left](const Result<std::optional<VersionedValue>>& found) {
                if (!found || !*found || (*found)->value != value) return end.set_value("another value");
                client.async_erase("k", [&, left](const Result<std::optional<Version>>& erased) {
                    if (!erased || !*erased) return end.set_value("nothing was erased");
                    client.async_compare_and_set("k", 0, "x", [&, left](const Result<Version>& set) {
                        if (!set) return end.set_value("compare_and_set: " + set.error().message());
                        client.async_put("", "x", [&, left](const Result<Version>& refused) {
                            if (refused || refused.error().code() != ErrorCode::invalid_argument)
                                return end.set_value("an empty key was taken");
                            round(left - 1);
                        });
                    });
                });
            });
        });
    };
    round(20);
    EXPECT_EQ(end.get_future().get(), "");
}

TEST_F(Library, SynchronousCallInACallbackFailsInsteadOfWaitingForItself) {
    Client client = connect();
    std::promise<std::vector<ErrorCode>> codes;
    client.async_put("k", "v", [&](const Result<Version>&) {
        std::vector<ErrorCode> seen = {client.put("k", "w").error().code(), client.get("k").error().code(),
                                       client.get_many({"k"})[0].error().code(), client.scan().error().code(),
                                       client.status().error().code()};
        EXPECT_FALSE(client.locate("k").primary.empty());  // needs no answer
        codes.set_value(std::move(seen));
    });
    auto future = codes.get_future();
    ASSERT_EQ(future.wait_for(seconds(60)), std::future_status::ready);
    for (const ErrorCode code : future.get()) EXPECT_EQ(code, ErrorCode::invalid_argument);
}

TEST_F(Library, WritesToOneKeyHappenInTheOrderOfTheCalls) {
    Client client = connect();
    std::vector<std::future<Result<Version>>> puts;
    puts.reserve(300);
    for (int i = 0; i < 300; ++i) puts.push_back(client.async_put("k", std::to_string(i)));
    Version before = 0;
    for (auto& put : puts) {
        const auto version = put.get();
        ASSERT_TRUE(version) << version.error();
        EXPECT_GT(*version, before);
        before = *version;
    }
    EXPECT_EQ((*client.get("k"))->value, "299");
}

TEST_F(Library, EveryCallEndsByItsDeadline) {
    Client client = connect(milliseconds(700));
    ASSERT_TRUE(client.put("k", "v"));
    cluster.fall_silent();
    const Time begun = boot_time();
    const auto get = client.get("k");
    const auto put = client.put("k", "w");
    EXPECT_GE(boot_time() - begun, milliseconds(1400));
    ASSERT_FALSE(get);
    EXPECT_EQ(get.error().code(), ErrorCode::unavailable);
    ASSERT_FALSE(put);
    // Sent and not answered, or not even sent again to a node that had fallen silent.
    EXPECT_TRUE(put.error().code() == ErrorCode::outcome_unknown || put.error().code() == ErrorCode::unavailable);
    cluster.fall_silent(false);
    EXPECT_TRUE(client.put("k", "x"));
}

TEST_F(Library, ClosingWhileBusyEndsEveryCall) {
    auto client = std::make_unique<Client>(connect());
    ASSERT_TRUE(client->put("warm", "up"));
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(client->put(std::to_string(i), ""));
    cluster.fall_silent();
    const int before = cluster.nodes[0]->writes + cluster.nodes[1]->writes;
    std::vector<std::future<Result<Version>>> puts;
    std::vector<std::future<Result<std::optional<VersionedValue>>>> gets;
    for (int i = 0; i < 100; ++i) {
        puts.push_back(client->async_put("k" + std::to_string(i), "v"));
        gets.push_back(client->async_get("k" + std::to_string(i)));
    }
    client.reset();
    for (auto& put : puts) {
        const auto result = put.get();
        ASSERT_FALSE(result);
        EXPECT_TRUE(result.error().code() == ErrorCode::outcome_unknown || result.error().code() == ErrorCode::closed);
    }
    for (auto& get : gets) EXPECT_EQ(get.get().error().code(), ErrorCode::closed);
    EXPECT_EQ(cluster.nodes[0]->writes + cluster.nodes[1]->writes, before);
}

TEST_F(Library, StatusAndLocateShowTheMap) {
    Client client = connect();
    const auto status = client.status();
    ASSERT_TRUE(status) << status.error();
    EXPECT_EQ(status->cluster, "loopback");
    EXPECT_EQ(status->health, "ok");
    EXPECT_EQ(status->total, 8U);
    ASSERT_EQ(status->nodes.size(), 2U);
    EXPECT_EQ(status->nodes[0].primaries, 4U);
    const PartitionStatus where = client.locate("some key");
    EXPECT_EQ(where.partition, partition_of("some key", 8).value());
    EXPECT_EQ(where.primary, where.partition % 2 == 0 ? "n1" : "n2");
}

TEST_F(Library, StartsFromANodeWhileTheRegistryIsDown) {
    cluster.registry.reset();
    auto client =
        Client::connect({.registries = {cluster.registry_endpoint, cluster.map.nodes[NodeId(2)].endpoints.front()},
                         .deadline = seconds(60)});
    ASSERT_TRUE(client) << client.error();
    EXPECT_TRUE(client->put("k", "v"));
    const auto status = client->status();
    EXPECT_TRUE(status) << status.error();
}

TEST_F(Library, MovesLikeAValue) {
    Client first = connect();
    Client second = std::move(first);
    EXPECT_TRUE(second.put("k", "v"));
    second = connect();
    EXPECT_TRUE(second.get("k")->has_value());
}

TEST(LibraryConnect, WaitsForARegistryThatIsLate) {
    LoopbackCluster cluster;
    auto client = std::async(std::launch::async, [&] {
        return Client::connect({.registries = {cluster.registry_endpoint}, .deadline = seconds(60)});
    });
    std::this_thread::sleep_for(milliseconds(300));
    cluster.start();
    auto connected = client.get();
    ASSERT_TRUE(connected) << connected.error();
    EXPECT_TRUE(connected->put("k", "v"));
}

TEST(LibraryConnect, SaysWhoDidNotAnswer) {
    const std::string endpoint = free_endpoint();
    const auto client = Client::connect({.registries = {endpoint}, .deadline = milliseconds(300)});
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().code(), ErrorCode::unavailable);
    EXPECT_NE(client.error().message().find(endpoint), std::string::npos);
}

TEST(LibraryConnect, RefusesOptionsThatCannotBe) {
    const std::string endpoint = free_endpoint();
    const auto code_of = [](Options options) {
        options.deadline = std::min(options.deadline, milliseconds(200));
        auto client = Client::connect(std::move(options));
        return client ? ErrorCode::internal : client.error().code();
    };
    EXPECT_EQ(code_of({}), ErrorCode::configuration);
    EXPECT_EQ(code_of({.registries = {"127.0.0.1"}}), ErrorCode::configuration);
    EXPECT_EQ(code_of({.registries = {endpoint, "tcp://127.0.0.1:99999"}}), ErrorCode::configuration);
    EXPECT_EQ(code_of({.registries = {endpoint}, .deadline = milliseconds(0)}), ErrorCode::configuration);
}

}  // namespace
}  // namespace ringkv::test
