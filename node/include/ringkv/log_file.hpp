// Reads a segment of a shard's log (docs/log-format.md), for people: `kvctl debug log`. The node need not be stopped.
//
// Thread-safe. Nothing throws.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ringkv/result.hpp"

namespace ringkv {

struct LoggedField;

// Of a field of a record, or of a part of one.
struct LoggedValue {
    struct Nothing {};
    using Bytes = std::string;  // any bytes
    struct Word {
        std::string text;  // printable
    };
    using List = std::vector<LoggedValue>;
    using Fields = std::vector<LoggedField>;

    std::variant<Nothing, bool, std::uint64_t, double, Word, Bytes, List, Fields> value;
};

struct LoggedField {
    std::string name;
    LoggedValue value;
};

struct LoggedRecord {
    std::uint64_t offset = 0;  // in the file, of the frame that has it
    std::uint64_t frame = 0;   // its number
    std::string type;          // "append", "commit", ...
    LoggedValue::Fields fields;
};

struct LogFileSummary {
    std::string log, storage, cluster;  // ids; cluster is empty where the node had joined none
    std::uint32_t shard = 0;
    std::uint32_t shards = 0;
    std::uint64_t segment = 0;
    std::uint64_t first_frame = 0;
    std::uint64_t frames = 0;
    std::uint64_t records = 0;
    std::uint64_t end = 0;    // offset of what follows the last whole frame
    std::uint64_t bytes = 0;  // of the file
    // Something that is no whole frame was written there: a torn write, if this is the newest segment.
    bool torn = false;
    std::optional<std::string> damage;  // what is damaged, and where: records follow that were not read
};

// Gives each record up to the end, or up to where the file is damaged. Errors: storage: the file cannot be read;
// malformed: it is no segment, or its header is damaged; version_mismatch: a newer release has written it.
[[nodiscard]] Result<LogFileSummary> read_log_file(const std::string& path,
                                                   const std::function<void(const LoggedRecord&)>& give);

}  // namespace ringkv
