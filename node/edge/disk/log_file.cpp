#include "ringkv/log_file.hpp"

#include <array>
#include <chrono>
#include <sstream>
#include <type_traits>

#include "node/edge/disk/log_reader.hpp"
#include "node/edge/disk/posix_files.hpp"

namespace ringkv {
namespace {

// By the number of the type.
constexpr std::array<std::string_view, std::variant_size_v<AnyRecord>> types = {
    "append",     "truncate", "view",     "log_view",  "reset",          "state_chunk",
    "state_done", "commit",   "reserved", "map_delta", "state_sessions", "checkpoint",
    "events",     "fence",    "cluster",  "proposed",  "contents"};

std::string_view word_of(EntryKind kind) {
    constexpr std::array<std::string_view, 4> words = {"set", "remove", "outcome", "expire"};
    return words.at(static_cast<std::size_t>(kind));
}
std::string_view word_of(WriteStatus status) {
    constexpr std::array<std::string_view, 3> words = {"done", "condition_failed", "not_found"};
    return words.at(static_cast<std::size_t>(status));
}

LoggedValue to_value(bool value) {
    return {value};
}
LoggedValue to_value(double value) {
    return {value};
}
LoggedValue to_value(std::uint64_t value) {
    return {value};
}
LoggedValue to_value(std::uint32_t value) {
    return {std::uint64_t{value}};
}
LoggedValue to_value(std::string_view bytes) {
    return {LoggedValue::Bytes(bytes)};
}
LoggedValue to_value(const std::string& bytes) {
    return {bytes};
}
LoggedValue to_value(const Uuid& uuid) {
    return {LoggedValue::Word{uuid.to_string()}};
}
LoggedValue to_value(Duration duration) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return {LoggedValue::Word{std::to_string(count) + "ms"}};
}
template <class Tag, class Rep>
LoggedValue to_value(StrongId<Tag, Rep> id) {
    return {std::uint64_t{id.value()}};
}
template <class E>
requires std::is_enum_v<E> LoggedValue to_value(E value) {
    if constexpr (requires { word_of(value); })
        return {LoggedValue::Word{std::string(word_of(value))}};
    else
        return {static_cast<std::uint64_t>(value)};
}

template <class T>
LoggedValue::Fields fields_of(const T& record);
template <class T>
requires(!std::is_enum_v<T>) LoggedValue to_value(const T& value) {
    if constexpr (requires { value.tie(); }) {
        return {fields_of(value)};
    } else if constexpr (requires { value.has_value(); }) {
        return value ? to_value(*value) : LoggedValue{};
    } else if constexpr (requires { value.begin(); }) {
        LoggedValue::List list;
        for (const auto& item : value) list.push_back(to_value(item));
        return {std::move(list)};
    } else {
        return to_value(*value);  // a shared entry
    }
}

template <class T>
LoggedValue::Fields fields_of(const T& record) {
    LoggedValue::Fields fields;
    std::istringstream names{std::string(T::field_names)};
    std::apply(
        [&](const auto&... field) {
            [[maybe_unused]] const auto add = [&](const auto& value) {
                std::string name;
                std::getline(names >> std::ws, name, ',');
                fields.push_back({std::move(name), to_value(value)});
            };
            (add(field), ...);
        },
        record.tie());
    return fields;
}

}  // namespace

Result<LogFileSummary> read_log_file(const std::string& path, const std::function<void(const LoggedRecord&)>& give) {
    const auto file = open_file(path);
    if (!file) return file.error();
    auto bytes = (*file)->read(0, SIZE_MAX);
    if (!bytes) return bytes.error();
    const auto header = decode_segment_header(*bytes);
    if (!header) return Error(header.error().code(), path + ": " + header.error().message());

    LogFileSummary summary;
    summary.log = header->log.to_string();
    summary.storage = header->owner.storage.to_string();
    if (!header->owner.cluster.none()) summary.cluster = header->owner.cluster.to_string();
    summary.shard = header->owner.shard;
    summary.shards = header->owner.shards;
    summary.segment = header->segment;
    summary.first_frame = header->first_frame;
    summary.bytes = bytes->size();
    SegmentReader reader(std::move(*bytes), *header);
    const auto read = reader.read([&](std::uint64_t offset, const Frame& frame) -> Result<void> {
        ++summary.frames;
        auto records = each_record(frame.payload, [&](const StorageRecord& record) {
            ++summary.records;
            std::visit(
                [&](const auto& item) {
                    give({offset, frame.number, std::string(types.at(record.index())), fields_of(item)});
                },
                record);
        });
        if (records || records.error().code() == ErrorCode::version_mismatch) return records;
        return SegmentReader::damaged(header->segment, offset, records.error().message());
    });
    summary.end = reader.end();
    summary.torn = read && reader.torn();
    if (!read && read.error().code() == ErrorCode::version_mismatch) return read.error();
    if (const auto right = reader.check_size(); !right) summary.damage = right.error().message();
    if (!read) summary.damage = read.error().message();
    return summary;
}

}  // namespace ringkv
