// What the bare ZeroMQ programs say to each other: messages of records, as many as one turn had for one destination.
// As little as a store must send, in the same shape as RingKV's.
#pragma once

#include <zmq.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ringkv::benchmarks::bare {

enum class Kind : std::uint8_t { get, put, prepare, prepared, value, done };

// In front of each record: 17 bytes of key and the value follow where the kind has them.
struct Header {
    std::uint64_t id = 0;
    std::uint32_t size = 0;  // of what follows
    Kind kind = Kind::get;
};

inline void add(std::string& message, const Header& header, std::string_view body) {
    message.append(reinterpret_cast<const char*>(&header), sizeof header);
    message.append(body);
}

// Takes the first record off.
inline std::string_view take(std::string_view& message, Header& header) {
    if (message.size() < sizeof header) throw std::runtime_error("half a record");
    std::memcpy(&header, message.data(), sizeof header);
    const std::string_view body = message.substr(sizeof header, header.size);
    if (body.size() != header.size) throw std::runtime_error("half a record");
    message.remove_prefix(sizeof header + header.size);
    return body;
}

inline constexpr std::size_t key_size = 17;

}  // namespace ringkv::benchmarks::bare
