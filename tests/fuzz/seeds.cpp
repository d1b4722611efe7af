// fuzz_seeds DIRECTORY CONFIGS: writes where the fuzzers start, DIRECTORY/TARGET/..., made from real values: one
// of each message and record, as the codec's own tests have them, and the configuration files that we ship.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <msgpack.hpp>
#include <string>
#include <vector>

#include "common/edge/codec/codec.hpp"
#include "tests/unit/edge/samples.hpp"

namespace ringkv::fuzz {
namespace {

namespace fs = std::filesystem;

class Folder {
  public:
    explicit Folder(fs::path path) : path_(std::move(path)) {
        fs::remove_all(path_);
        fs::create_directories(path_);
    }
    void add(std::string_view bytes) {
        std::ofstream file(path_ / std::to_string(count_++), std::ios::binary);
        file.exceptions(std::ios::badbit | std::ios::failbit);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

  private:
    fs::path path_;
    int count_ = 0;
};

// A message of a newer version, of a type that is not known yet: every format that must be passed over, and nesting
// as deep as the limit allows.
std::string of_a_newer_version() {
    msgpack::sbuffer bytes;
    msgpack::packer<msgpack::sbuffer> out(bytes);
    const std::string filling(300, 'x');
    const std::vector<std::uint32_t> sizes = {1, 2, 3, 4, 8, 16, 17, 40, 300};
    out.pack_array(1 + 3 * static_cast<std::uint32_t>(sizes.size()) + 13);
    out.pack(127);
    for (const std::uint32_t size : sizes) {
        out.pack_str(size).pack_str_body(filling.data(), size);
        out.pack_bin(size).pack_bin_body(filling.data(), size);
        out.pack_ext(size, 1).pack_ext_body(filling.data(), size);
    }
    out.pack_nil().pack_true().pack_false().pack_float(1.5F).pack_double(2.5);
    out.pack(-1).pack(-100).pack(-1000).pack(-100'000).pack(std::int64_t{-1} << 40U);
    out.pack(std::vector<int>(20)).pack(std::map<int, int>{{1, 2}});
    for (std::size_t depth = 1; depth < CodecLimits{}.depth; ++depth) out.pack_array(1);
    out.pack(std::uint64_t{1} << 40U);
    return {bytes.data(), bytes.size()};
}

// Each message in a frame of its own, and without a frame, as the target tries both.
void write_wire(Folder folder) {
    const Identity sender{samples::Filler(1).make<Uuid>(), NodeId(7), StartNumber(3)};
    const std::size_t header = encode(sender, NodeId(9), {}).size();
    const auto add = [&](const std::vector<Message>& messages) {
        const std::string frame = encode(sender, NodeId(9), messages);
        folder.add(frame);
        folder.add(std::string_view(frame).substr(header));
    };
    for (const Message& message : samples::one_of_each_blank<Message>()) add({message});
    for (const std::uint64_t seed : {1, 2})
        for (const Message& message : samples::one_of_each<Message>(seed)) add({message});
    add(samples::one_of_each<Message>(3));
    Join join;
    join.weight = std::nan("");  // what must be refused
    add({join});
    Write write;
    write.ack = Ack(2);  // what is of a newer release
    add({write, RequestRefused{RequestId(1), RefusalReason(9), "", {}}});
    for (const char* message : {"\x91\x02", "\x92\x0d\xa1n", "\x92\x0a\x93\x01\x02\x90", "\x93\x14\x01\x91\x90"})
        folder.add(message);  // fields that are missing
    folder.add(of_a_newer_version());
}

void write_records(Folder folder) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        for (const StorageRecord& record : samples::one_of_each<StorageRecord>(seed)) folder.add(encode_record(record));
        samples::Filler filler(seed);
        folder.add(encode_value(filler.make<ClusterSettings>()));
        folder.add(encode_value(filler.make<NodeInfo>()));
        folder.add(encode_value(filler.make<PartitionState>()));
    }
    NodeInfo node;
    node.weight = std::nan("");  // what must be refused
    folder.add(encode_value(node));
    for (const char* record :
         {"\x92\x07\x05", "\x92\x92\x02\x07\x05", "\x93\x93\x02\x07\x01\x05\x06", "\x92\x92\x03\x07\x05"})
        folder.add(record);  // of the first format; with fewer fields, and more; of a format to come
}

std::vector<std::string> shipped(const fs::path& configs) {
    std::vector<std::string> texts;
    for (const char* name : {"registry.yaml", "node-1.yaml"}) {
        std::ifstream file(configs / name, std::ios::binary);
        file.exceptions(std::ios::badbit | std::ios::failbit);
        texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return texts;
}

// The shipped files are mostly comments: a mutation hardly ever meets a value.
const std::vector<std::string> short_configs = {
    "cluster: demo\nlisten: tcp://127.0.0.1:7400\npublish: tcp://127.0.0.1:7402\nhttp: 127.0.0.1:7480\n"
    "data_dir: data\npartitions: 64\nreplication: 3\nform_with: 2\nvnodes: 16\nreads: confirmed\ninsecure: true\n"
    "lease: {beacon: 100ms, duration: 400ms, grace: 700ms}\nrepair_after: 30s\nsession_expiry: 10min\n"
    "rebalance: {max_bytes_per_second: 64MiB, max_moves_per_node: 4, max_moves_per_second: 10}\n",
    "name: n1\nrack: rack-a\nweight: 1.5\nregistry: [tcp://10.0.0.1:7400, 'tcp://[::1]:7400']\n"
    "listen: tcp://127.0.0.1:7411\nadvertise: tcp://10.0.0.5:7411\nhttp: 127.0.0.1:7511\nshards: 2\n"
    "data_dir: data\nengine: memory\ndurability: memory\ninsecure: false\n"
    "limits: {key: 4KiB, value: 1MiB, inflight: 65536, memory: 1GiB}\n",
};

void write_yaml(Folder folder, const fs::path& configs) {
    for (const std::string& text : shipped(configs)) folder.add(text);
    for (const std::string& text : short_configs) folder.add(text);
    for (const char* text : {"a: [1, {b: c}, ~]\n\"k\\x41\": 'it''s'\n", "- a\n- - b\n  - c\n-\n", "? key\n: value\n",
                             "|\n  text\n  more\n", "a: >-\n  folded\n  text\nb: |+\n  kept\n\n", "a: &x 1\nb: *x\n",
                             "!!str a: !t b\n", "---\na: 1\n...\n---\nb: 2\n", "a: \"open\n",
                             "{a: {b: {c: {d: {e: {f: {g: {h: 1}}}}}}}}\n", "a: 1\na: 2\n", "%YAML 1.2\n---\na\n"})
        folder.add(text);
}

void write_config(Folder folder, const fs::path& configs) {
    for (const std::string& text : shipped(configs)) folder.add(text);
    for (const std::string& text : short_configs) folder.add(text);
    folder.add("--set lease.beacon=50ms\n--set lease={beacon: 1s, duration: 4s, grace: 7s}\n" + short_configs[0]);
    folder.add("--set registry=[tcp://127.0.0.1:7400]\n--set limits.key=8KiB\n" + short_configs[1]);
    // No more than there must be; at the last port there is, and just beyond it.
    folder.add("cluster: c\nlisten: tcp://127.0.0.1:65535\npublish: tcp://127.0.0.1:1\ndata_dir: d\n");
    folder.add(
        "name: n\nrack: r\nregistry: tcp://a:1\nlisten: tcp://127.0.0.1:65535\nadvertise: tcp://a:1\ndata_dir: d\n"
        "durability: memory\nshards: 2\n");
}

void write_words(Folder folder) {
    for (const char* text : {"tcp://127.0.0.1:7400",
                             "tcp://*:7400",
                             "tcp://0.0.0.0:1",
                             "tcp://localhost:65535",
                             "tcp://[::1]:7400",
                             "tcp://host-1.example:80",
                             "10.0.0.1:7400",
                             "[fe80::1]:7400",
                             "100ms",
                             "30s",
                             "10min",
                             "1h",
                             "0",
                             "4KiB",
                             "64MiB",
                             "1GiB",
                             "1TiB",
                             "512B",
                             "9223372036854775807",
                             "18446744073709551615",
                             "1.5",
                             "-1e300",
                             "0x1p3",
                             "true",
                             "false",
                             "rack-a",
                             "becon"})
        folder.add(text);
}

void write_import(Folder folder) {
    for (const char* text : {R"({"key":"a","value":"b"})", R"({"key_base64":"/w==","value_base64":"AAEC"})",
                             R"({"key":"\u00e4\ud83d\ude00","value":"\n\t\"\\","version":7})",
                             R"({"value":[{"x":null},1.5,true],"key":"k"})", R"( { "key" : "k" , "value" : "" } )",
                             R"({"key":"a","key_base64":"YQ==","value":""})", R"([1e999,-0])",
                             "\x07key with \xe2\x80\xae and \x1b[31m and \xff", "QUJD", "QUI=",
                             // The neighbours of what is not UTF-8: U+0080, U+0800, U+D7FF, U+E000, U+10000, U+10FFFF.
                             "\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"})
        folder.add(text);
}

}  // namespace
}  // namespace ringkv::fuzz

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: fuzz_seeds DIRECTORY CONFIGS\n";
        return 2;
    }
    try {
        using ringkv::fuzz::Folder;
        const std::filesystem::path directory(argv[1]);
        const std::filesystem::path configs(argv[2]);
        ringkv::fuzz::write_wire(Folder(directory / "wire"));
        ringkv::fuzz::write_records(Folder(directory / "records"));
        ringkv::fuzz::write_yaml(Folder(directory / "yaml"), configs);
        ringkv::fuzz::write_config(Folder(directory / "config"), configs);
        ringkv::fuzz::write_words(Folder(directory / "words"));
        ringkv::fuzz::write_import(Folder(directory / "import"));
    } catch (const std::exception& error) {
        std::cerr << "fuzz_seeds: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
