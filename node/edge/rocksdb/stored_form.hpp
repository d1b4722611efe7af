// Keys and values as they stand in the database. A key is its partition and its contents' number, big-endian, so that
// what is of one is together and in order, and then its own bytes. A value is version, flags and expiry as varints, and
// then its own bytes. Behind all keys are the engine's own facts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/ids.hpp"

namespace ringkv::stored {

struct Place {
    PartitionId partition;
    ContentsNumber contents;
    friend auto operator<=>(const Place&, const Place&) = default;
};

constexpr std::size_t place_bytes = 12;

// The least key there; that of the next contents number ends it.
void put_place(std::string& onto, const Place& place);
[[nodiscard]] std::string begin_of(const Place& place);
[[nodiscard]] std::string end_of(const Place& place);
// None: it is one of the engine's own.
[[nodiscard]] std::optional<Place> place_of(std::string_view key);

// The name of one of the engine's own facts; behind all keys.
[[nodiscard]] std::string fact(std::string_view name);

struct Value {
    OpNumber version;
    std::uint32_t flags = 0;
    std::uint64_t expires = 0;
    std::string_view bytes;
};
void put_value(std::string& onto, const Value& value);
// None: it is damaged.
[[nodiscard]] std::optional<Value> value_of(std::string_view stored);

void put_number(std::string& onto, std::uint64_t number);
[[nodiscard]] std::uint64_t number_of(std::string_view bytes);

}  // namespace ringkv::stored
