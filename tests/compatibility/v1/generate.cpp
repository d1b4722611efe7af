// generate DIRECTORY: writes frames.hex, records.hex and registry.db there. Not built: it was compiled once, with the
// sources and libraries of release 0.5 (commit 57fed1f), and is kept to show how the files came about:
//
//     g++ -std=c++20 -I OLD -I OLD/common/include -I NEW generate.cpp -o generate
//         OLD/build/release/{registry/libringkv_registry_edge.a,common/libringkv_{edge,common}.a} -lsqlite3 ...
//
// values.hpp has today's names of types, these are those of then.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "common/edge/codec.hpp"
#include "common/messages.hpp"
#include "common/records.hpp"
#include "registry/edge/store.hpp"

namespace ringkv {
using RefusalReason = Rejection;
using RequestRefused = Rejected;
using FrameRefused = Refused;
using CurrentEpoch = EpochBeacon;
using KeyRecord = CopiedRecord;
using StateEnd = CopyEnd;
using StateChunk = CopyChunk;
using StateChunkOk = CopyChunkOk;
using TruncateRecord = CutRecord;
using StateChunkRecord = CopiedPartRecord;
using StateDoneRecord = CopyDoneRecord;
}  // namespace ringkv

#include "tests/compatibility/v1/values.hpp"

namespace {

std::string hex(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += {digits[byte >> 4U], digits[byte & 15U]};
    }
    return text;
}

}  // namespace

int main(int, char** arguments) {
    using namespace ringkv;
    const std::filesystem::path directory(arguments[1]);
    const Identity sender{v1::uuid(0xf0), NodeId(3), StartNumber(9)};
    std::ofstream frames(directory / "frames.hex");
    for (const Message& message : v1::messages()) frames << hex(encode(sender, NodeId(4), {message})) << '\n';
    std::ofstream records(directory / "records.hex");
    for (const StorageRecord& record : v1::records()) records << hex(encode_record(record)) << '\n';
    auto store = MapStore::open(directory.string());
    if (!store) return std::cerr << store.error() << '\n', 1;
    for (const MapDelta& delta : v1::stored())
        if (auto done = (*store)->commit((*store)->durable()->next(), {delta}); !done)
            return std::cerr << done.error() << '\n', 1;
}
