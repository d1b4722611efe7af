#include "node/edge/rocksdb/stored_form.hpp"

#include <limits>

#include "node/varint.hpp"

namespace ringkv::stored {
namespace {

constexpr std::uint32_t own = std::numeric_limits<std::uint32_t>::max();  // no partition's id

void put_big_endian(std::string& onto, std::uint64_t number, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) onto.push_back(static_cast<char>(number >> shift));
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) number = number << 8U | static_cast<std::uint8_t>(byte);
    return number;
}

void append_varint(std::string& onto, std::uint64_t number) {
    put_varint(number, [&onto](char byte) { onto.push_back(byte); });
}

}  // namespace

void put_place(std::string& onto, const Place& place) {
    put_big_endian(onto, place.partition.value(), 4);
    put_number(onto, place.contents.value());
}

std::string begin_of(const Place& place) {
    std::string key;
    put_place(key, place);
    return key;
}

std::string end_of(const Place& place) {
    return begin_of({place.partition, place.contents.next()});
}

std::optional<Place> place_of(std::string_view key) {
    if (key.size() < place_bytes) return std::nullopt;
    const auto partition = static_cast<std::uint32_t>(big_endian(key.substr(0, 4)));
    if (partition == own) return std::nullopt;
    return Place{PartitionId(partition), ContentsNumber(number_of(key.substr(4)))};
}

std::string fact(std::string_view name) {
    std::string key;
    put_big_endian(key, own, 4);
    return key.append(name);
}

void put_value(std::string& onto, const Value& value) {
    append_varint(onto, value.version.value());
    append_varint(onto, value.flags);
    append_varint(onto, value.expires);
    onto.append(value.bytes);
}

std::optional<Value> value_of(std::string_view stored) {
    std::uint64_t version = 0;
    std::uint64_t flags = 0;
    std::uint64_t expires = 0;
    if (!take_varint(stored, version) || !take_varint(stored, flags) || !take_varint(stored, expires) ||
        flags > std::numeric_limits<std::uint32_t>::max())
        return std::nullopt;
    return Value{OpNumber(version), static_cast<std::uint32_t>(flags), expires, stored};
}

void put_number(std::string& onto, std::uint64_t number) {
    put_big_endian(onto, number, 8);
}

std::uint64_t number_of(std::string_view bytes) {
    return big_endian(bytes.substr(0, 8));
}

}  // namespace ringkv::stored
