// Frames made by hand, and what a test expects of them.
#pragma once

#include <gtest/gtest.h>

#include <msgpack.hpp>
#include <sstream>
#include <string>
#include <string_view>

#include "common/edge/codec/codec.hpp"
#include "samples.hpp"

namespace ringkv {

inline const Identity sender{samples::Filler(1).make<Uuid>(), NodeId(7), StartNumber(3)};
inline constexpr NodeId receiver(9);

// What another implementation, or another version, might write: msgpack made by hand.
class Bytes {
  public:
    Bytes() : out_(stream_) {}
    template <class Write>
    Bytes& put(Write write) {
        write(out_);
        return *this;
    }
    Bytes& raw(std::string_view bytes) {
        stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return *this;
    }
    Bytes& header(std::uint32_t fields = 7, std::uint32_t major = protocol_major) {
        out_.pack_array(fields);
        out_.pack_str(3).pack_str_body("RKV", 3);
        out_.pack(major).pack(protocol_minor);
        out_.pack_bin(16).pack_bin_body("0123456789abcdef", 16);
        out_.pack(7).pack(3).pack(9);
        return *this;
    }
    [[nodiscard]] std::string str() const { return stream_.str(); }

  private:
    std::ostringstream stream_;
    msgpack::packer<std::ostringstream> out_;
};

inline void expect_malformed(const std::string& frame, const CodecLimits& limits = {}) {
    const auto decoded = decode(frame, limits);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code(), ErrorCode::malformed);
    EXPECT_FALSE(decoded.error().message().empty());
}

// The only message of a frame that must be good.
inline Message only(const std::string& frame) {
    auto decoded = decode(frame);
    EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().message());
    if (!decoded || decoded->messages.size() != 1) {
        ADD_FAILURE() << "not one message";
        return {};
    }
    return decoded->messages.front();
}

}  // namespace ringkv
