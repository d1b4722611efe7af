// What a configuration refuses: unknown keys, senseless values, and YAML that is more or less than a plain file.
#include "config_fixture.hpp"

namespace ringkv {
namespace {

using testing::node_yaml;
using testing::registry_yaml;

class StrictConfig : public testing::ConfigTest {};

// ---- keys

TEST_F(StrictConfig, UnknownKeyNamesTheLineAndTheNearestKey) {
    EXPECT_EQ(with_line("shard: 2"), "x.yaml:7: unknown key 'shard'; did you mean 'shards'?");
    EXPECT_EQ(with_line("limits:\n  keys: 4KiB"), "x.yaml:8: unknown key 'limits.keys'; did you mean 'limits.key'?");
    EXPECT_EQ(with_override("lmits.key=1KiB"), "--set lmits.key=1KiB: unknown key 'lmits'; did you mean 'limits'?");
    EXPECT_EQ(registry_error(registry_yaml, {"lease.becon=5s"}),
              "--set lease.becon=5s: unknown key 'lease.becon'; did you mean 'lease.beacon'?");
}

TEST_F(StrictConfig, UnknownKeyThatIsLikeNoneListsThem) {
    EXPECT_EQ(registry_error("xyzzyxyzzy: 1\n").substr(0, 62),
              "x.yaml:1: unknown key 'xyzzyxyzzy'; known are: cluster, listen");
}

TEST_F(StrictConfig, DuplicateKeyNamesBothLines) {
    EXPECT_EQ(with_line("name: n2"), "x.yaml:7: duplicate key 'name'; it is already set at x.yaml:1");
    EXPECT_EQ(with_line("limits: {key: 1KiB, key: 2KiB}"),
              "x.yaml:7: duplicate key 'key'; it is already set at x.yaml:7");
}

TEST_F(StrictConfig, MissingKeysAndValuesAreNamed) {
    EXPECT_EQ(registry_error("cluster: a\nlisten: tcp://127.0.0.1:1\n"), "x.yaml:1: the key 'data_dir' is missing");
    EXPECT_EQ(with_line("shards:\nweight: 1"), "x.yaml:7: shards: the value is missing");
    EXPECT_EQ(with_line("shards: ~"), "x.yaml:7: shards: the value is missing");
    EXPECT_EQ(with_line("limits:"), "x.yaml:7: limits: the value is missing");
    EXPECT_EQ(with_override("data_dir="), "--set data_dir=: data_dir: the value is missing");
    for (const char* key : {"name", "rack", "registry", "listen", "data_dir"}) {
        std::string text = node_yaml;
        const std::size_t begin = text.find(key + std::string(":"));
        text.erase(begin, text.find('\n', begin) + 1 - begin);
        EXPECT_EQ(error_of(node(text)), "x.yaml:1: the key '" + std::string(key) + "' is missing");
    }
}

TEST_F(StrictConfig, WrongTypesAreRefused) {
    EXPECT_EQ(with_line("shards: [1]"), "x.yaml:7: shards: must be a single value, not a list");
    EXPECT_EQ(with_line("shards: {a: 1}"), "x.yaml:7: shards: must be a single value, not a mapping");
    EXPECT_EQ(with_line("limits: 5"), "x.yaml:7: 'limits' must be a mapping (key: value)");
    EXPECT_EQ(with_override("registry=[]"), "--set registry=[]: registry: the list is empty");
    EXPECT_EQ(with_override("registry=[[tcp://a:1]]"),
              "--set registry=[[tcp://a:1]]: registry: must be a single value, not a list");
    EXPECT_EQ(with_override("name.x=1"), "--set name.x=1: 'name' has no keys of its own");
}

TEST_F(StrictConfig, MalformedOverridesAreRefused) {
    EXPECT_EQ(with_override("shards"), "--set shards: must be key=value");
    EXPECT_EQ(with_override("=1"), "--set =1: must be key=value");
    EXPECT_EQ(with_override("limits..key=1"), "--set limits..key=1: 'limits..key' is not a dotted key");
    EXPECT_EQ(with_override("limits.=1"), "--set limits.=1: 'limits.' is not a dotted key");
    EXPECT_EQ(with_override("registry=[a").substr(0, 33), "--set registry=[a: not valid YAML");
}

// ---- values

TEST_F(StrictConfig, DurationsNeedAUnitTheyKnow) {
    const auto error = [this](const std::string& value) {
        return registry_error(registry_yaml + ("session_expiry: " + value + "\n"));
    };
    EXPECT_EQ(error("600"), "x.yaml:4: session_expiry: '600' has no unit; write 600ms or 600s");
    EXPECT_EQ(error("10m"), "x.yaml:4: session_expiry: unknown unit 'm'; use ms, s, min or h");
    EXPECT_EQ(error("1.5s"), "x.yaml:4: session_expiry: '1.5s' is not a whole number with a unit");
    EXPECT_EQ(error("-1s"), "x.yaml:4: session_expiry: '-1s' is not a whole number with a unit");
    EXPECT_EQ(error("s"), "x.yaml:4: session_expiry: 's' is not a whole number with a unit");
    EXPECT_EQ(error("0"), "x.yaml:4: session_expiry: '0' is less than 1000ms");
    EXPECT_EQ(error("99999999999999999999h"), "x.yaml:4: session_expiry: '99999999999999999999h' is too large");
    EXPECT_EQ(error("9999999999h"), "x.yaml:4: session_expiry: '9999999999h' is too large");
    EXPECT_EQ(error("10 min"), "(no error)");
}

TEST_F(StrictConfig, SizesNeedAUnitTheyKnow) {
    EXPECT_EQ(with_line("limits: {value: 1MB}"),
              "x.yaml:7: limits.value: unknown unit 'MB'; use B, KiB, MiB, GiB or TiB");
    EXPECT_EQ(with_line("limits: {memory: 63MiB}"),
              "x.yaml:7: limits.memory: must be at least twice limits.log (33554432 bytes), which is a part of it; 0 "
              "is no limit");
    EXPECT_EQ(with_line("limits: {value: 2GiB}"), "x.yaml:7: limits.value: '2GiB' is not between 1 and 8388608 bytes");
    EXPECT_EQ(with_line("limits: {value: 0}"), "x.yaml:7: limits.value: '0' is not between 1 and 8388608 bytes");
    EXPECT_EQ(with_line("limits: {value: 99999999TiB}"), "x.yaml:7: limits.value: '99999999TiB' is too large");
    EXPECT_EQ(node(node_yaml, {"limits.memory=3GiB"})->limits.memory, std::uint64_t{3} << 30U);
}

TEST_F(StrictConfig, NumbersAreWholeAndInRange) {
    EXPECT_EQ(with_line("shards: 0"), "x.yaml:7: shards: 0 is not between 1 and 64");
    EXPECT_EQ(with_line("shards: 65"), "x.yaml:7: shards: 65 is not between 1 and 64");
    EXPECT_EQ(with_line("shards: two"), "x.yaml:7: shards: 'two' is not a whole number");
    EXPECT_EQ(with_line("shards: 0x2"), "x.yaml:7: shards: '0x2' is not a whole number");
    EXPECT_EQ(with_line("weight: 0"), "x.yaml:7: weight: 0 is not greater than 0");
    EXPECT_EQ(with_line("weight: -1"), "x.yaml:7: weight: -1 is not greater than 0");
    for (const char* weight : {".inf", "inf", "nan", ".nan", "1e999", "1,5", "\"\""})
        EXPECT_NE(with_line(std::string("weight: ") + weight).find("is not a number"), std::string::npos) << weight;
    EXPECT_EQ(registry_error(registry_yaml, {"partitions=1000"}),
              "--set partitions=1000: partitions: 1000 is not a power of two");
    EXPECT_EQ(registry_error(registry_yaml, {"partitions=131072"}),
              "--set partitions=131072: partitions: 131072 is not between 1 and 65536");
    EXPECT_EQ(registry_error(registry_yaml, {"replication=17"}),
              "--set replication=17: replication: 17 is not between 1 and 16");
}

TEST_F(StrictConfig, WordsAreOneOfAFew) {
    EXPECT_EQ(registry_error(registry_yaml, {"reads=confirm"}),
              "--set reads=confirm: reads: 'confirm' is not one of lease, confirmed; did you mean 'confirmed'?");
    EXPECT_EQ(with_line("insecure: yes"), "x.yaml:7: insecure: 'yes' is neither true nor false");
}

TEST_F(StrictConfig, NamesAreShortAndPlain) {
    for (const std::string& name :
         {std::string("a b"), std::string("n/1"), std::string(65, 'n'), std::string("\xc3\xa9")})
        EXPECT_NE(with_override("rack=" + name).find("must be 1 to 64 letters"), std::string::npos) << name;
    EXPECT_EQ(with_override("rack=" + std::string(64, 'n')), "(no error)");
    EXPECT_EQ(with_override("rack=eu-1.A_b"), "(no error)");
}

TEST_F(StrictConfig, EndpointsAreTcpHostAndPort) {
    const auto error = [this](const std::string& endpoint) { return with_override("registry=" + endpoint); };
    for (const char* good : {"tcp://a:1", "tcp://[::1]:65535", "tcp://node-1.example.org:7400", "tcp://127.0.0.1:7400"})
        EXPECT_EQ(error(good), "(no error)") << good;
    for (const char* bad :
         {"127.0.0.1:7400", "udp://a:1", "tcp://a", "tcp://a:", "tcp://:1", "tcp://a:0", "tcp://a:65536", "tcp://a:1x",
          "tcp://a:-1", "tcp://::1:80", "tcp://[::1:80", "tcp://[a]:80", "tcp://a b:1", "tcp://a/b:1", "tcp://a!b:1",
          "tcp://a*:1", "tcp://", "ipc:///x"})
        EXPECT_NE(error(bad), "(no error)") << bad;
    EXPECT_EQ(error("tcp://a:70000"),
              "--set registry=tcp://a:70000: registry: 'a:70000' has no valid port (1 to 65535)");
    EXPECT_NE(with_override("http=7511"), "(no error)");
    EXPECT_NE(with_override("http=tcp://127.0.0.1:7511"), "(no error)");
}

// ---- files

TEST_F(StrictConfig, FilesThatCannotBeReadAreNamedWithTheReason) {
    EXPECT_EQ(error_of(load_node_config((directory_ / "none.yaml").string())),
              "none.yaml: cannot be read: No such file or directory");
    EXPECT_NE(error_of(load_node_config(directory_.string())).find("cannot be read: Is a directory"),
              std::string::npos);
    EXPECT_EQ(registry_error(std::string((1U << 20U) + 1, '#')), "x.yaml: is larger than 1 MiB");
}

TEST_F(StrictConfig, EmptyFilesAndOtherShapesAreRefused) {
    for (const char* empty : {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "~\n"})
        EXPECT_EQ(registry_error(empty), "x.yaml: is empty") << empty;
    EXPECT_EQ(registry_error("- a\n"), "x.yaml:1: the file must be a mapping (key: value)");
    EXPECT_EQ(registry_error("text\n", {"a=b"}), "x.yaml:1: the file must be a mapping (key: value)");
    EXPECT_EQ(registry_error(std::string(registry_yaml) + "---\nvnodes: 5\n"),
              "x.yaml: has more than one document (---)");
}

TEST_F(StrictConfig, YamlThatIsMoreThanPlainKeysAndValuesIsRefused) {
    EXPECT_EQ(with_line("weight: &w 1"), "x.yaml:7: anchors (&name) are not allowed");
    EXPECT_EQ(with_line("weight: &w 1\nshards: *w"), "x.yaml:7: anchors (&name) are not allowed");
    EXPECT_NE(with_line("weight: *w"), "(no error)");
    EXPECT_EQ(with_line("weight: !!float 1"), "x.yaml:7: tags (!name) are not allowed");
    EXPECT_EQ(with_line("? [a]\n: 1"), "x.yaml:7: a key must be plain text");
    EXPECT_EQ(with_line("~: 1"), "x.yaml:7: a key must be plain text");
    EXPECT_EQ(with_line("<<: {weight: 1}").substr(0, 26), "x.yaml:7: unknown key '<<'");
}

TEST_F(StrictConfig, BrokenYamlNamesTheLine) {
    EXPECT_EQ(with_line("limits: {key: 1KiB"), "x.yaml:7: not valid YAML: end of map flow not found");
    EXPECT_EQ(with_line("\tweight: 1").substr(0, 24), "x.yaml:7: not valid YAML");
    EXPECT_EQ(with_line("data_dir2: \"a"), "x.yaml:7: a quote is not closed");
    EXPECT_EQ(with_line("data_dir2: 'a"), "x.yaml:7: a quote is not closed");
}

TEST_F(StrictConfig, HostileFilesAreRefusedAndDoNoHarm) {
    EXPECT_NE(with_line("a: " + std::string(100000, '[')), "(no error)");
    EXPECT_NE(with_line("a: " + std::string(100000, '{')), "(no error)");
    EXPECT_NE(with_line("a: " + std::string(20, '[') + std::string(20, ']')).find("nested too deeply"),
              std::string::npos);
    // yaml-cpp alone would take this byte as the end of the file.
    EXPECT_EQ(with_line("weight: 1\x04\nnonsense: 1"), "x.yaml:7: a control character: not a text file");
    EXPECT_EQ(with_line(std::string("weight: 1\0", 10)), "x.yaml:7: a control character: not a text file");
    EXPECT_NE(with_override(std::string("name=a\nb")), "(no error)");
    std::string random;
    for (unsigned i = 0; i < 4096; ++i) random += static_cast<char>(i * 2654435761U >> 13U);
    EXPECT_NE(error_of(node(random)), "(no error)");
}

}  // namespace
}  // namespace ringkv
