// Reads msgpack straight out of a frame, one value at a time, without trusting a byte of it.
//
// Why not msgpack::unpack: it first makes a tree of objects, 24 bytes for each that a header merely
// claims, before the next byte is looked at. Here nothing is allocated for what is not there.
//
// Every read returns false once something is wrong; error() then has the first failure and where it
// was. A number that only a newer release has a name for is nothing wrong: it is noted, and reading goes
// on. Thread safety: none; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/edge/codec/codec.hpp"

namespace ringkv::wire {

// The first byte of a value (github.com/msgpack/msgpack/blob/master/spec.md).
namespace head {
inline constexpr std::uint8_t fixmap = 0x80, fixarray = 0x90, fixstr = 0xa0, nil = 0xc0, no = 0xc2, yes = 0xc3;
inline constexpr std::uint8_t bin8 = 0xc4, bin16 = 0xc5, bin32 = 0xc6, ext8 = 0xc7, ext16 = 0xc8, ext32 = 0xc9;
inline constexpr std::uint8_t float32 = 0xca, float64 = 0xcb;
inline constexpr std::uint8_t uint8 = 0xcc, uint16 = 0xcd, uint32 = 0xce, uint64 = 0xcf;
inline constexpr std::uint8_t int8 = 0xd0, int16 = 0xd1, int32 = 0xd2, int64 = 0xd3;
inline constexpr std::uint8_t fixext1 = 0xd4, fixext16 = 0xd8, str8 = 0xd9, str16 = 0xda, str32 = 0xdb;
inline constexpr std::uint8_t array16 = 0xdc, array32 = 0xdd, map16 = 0xde, map32 = 0xdf, negative = 0xe0;
}  // namespace head

// The commonest form of each value is read here, in a few instructions; all others out of line.
class Reader {
  public:
    Reader(std::string_view bytes, const CodecLimits& limits);

    // Nothing left.
    [[nodiscard]] bool finished() const { return at_ == end_; }
    [[nodiscard]] bool encoded_entries() const { return encoded_entries_; }
    // What comes next, in the frame.
    [[nodiscard]] const char* at() const { return at_; }
    // Bytes.
    [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    // Records the first failure. Returns false, for the caller to hand on.
    bool fail(const char* what);
    // Precondition: a read failed.
    [[nodiscard]] Error error() const;

    // The number just read, of an enumeration, names nothing that is known here. The first one is kept.
    void note_unknown(std::uint64_t number);
    // What was noted since the last call, for people to read; none: nothing.
    [[nodiscard]] std::optional<std::string> take_unknown() { return std::exchange(unknown_, {}); }

    // Any integer format, as long as the value fits.
    [[nodiscard, gnu::always_inline]] bool read(std::uint64_t& value) {
        if (left() <= sizeof(value)) return read_any(value);
        const auto first = static_cast<std::uint8_t>(*at_);
        if (first < head::fixmap) {  // most numbers are small, and their own first byte
            value = first;
            ++at_;
            return true;
        }
        const unsigned form = first - unsigned{head::uint8};  // of 1, 2, 4 or 8 bytes, big-endian
        if (form > head::uint64 - head::uint8) return read_any(value);
        std::uint64_t bits = 0;
        std::memcpy(&bits, at_ + 1, sizeof(bits));
        const unsigned size = 1U << form;
        value = __builtin_bswap64(bits) >> (64 - 8 * size);
        at_ += 1 + size;
        return true;
    }
    [[nodiscard]] bool read(std::int64_t& value);
    [[nodiscard]] bool read(bool& value);
    // Any number that is finite.
    [[nodiscard]] bool read(double& value);
    // str or bin; a view into the frame.
    [[nodiscard, gnu::always_inline]] bool read(std::string_view& value) {
        if (left() < 2 || static_cast<std::uint8_t>(*at_) != head::bin8) return read_any(value);
        const auto size = static_cast<std::uint8_t>(at_[1]);
        if (left() < 2U + size) return read_any(value);
        value = {at_ + 2, size};
        at_ += 2 + size;
        return true;
    }
    // Does an array come next?
    [[nodiscard]] bool at_array() const;
    // Is nil next? If so it is taken.
    [[nodiscard]] bool take_nil() {
        if (at_ == end_ || static_cast<std::uint8_t>(*at_) != head::nil) return false;
        ++at_;
        return true;
    }
    // An array of `count` values begins; leave() after its last. `count` is never more than the bytes left.
    [[nodiscard, gnu::always_inline]] bool enter(std::uint32_t& count) {
        if (at_ == end_ || (static_cast<std::uint8_t>(*at_) & 0xf0U) != head::fixarray) return enter_any(count);
        count = static_cast<std::uint8_t>(*at_++) - head::fixarray;
        return announce(count);
    }
    void leave() { --depth_; }
    // An array of two numbers, in the form that most have which are small: as two are read after enter(). False: it has
    // another form, and nothing was taken.
    [[nodiscard, gnu::always_inline]] bool take_pair(std::uint64_t& first, std::uint64_t& second) {
        if (left() < 4 || items_left_ < 2 || depth_ >= depth_limit_) return false;
        const auto byte = [this](int at) { return static_cast<std::uint8_t>(at_[at]); };
        if (byte(0) != (head::fixarray | 2U) || byte(1) >= head::fixmap) return false;
        const bool wide = byte(2) == head::uint8;
        if (!wide && byte(2) >= head::fixmap) return false;
        first = byte(1);
        second = byte(wide ? 3 : 2);
        at_ += wide ? 4 : 3;
        items_left_ -= 2;
        return true;
    }
    // Counts so many more values against the limit, for something that takes more memory than its bytes show.
    [[nodiscard]] bool charge(std::uint64_t values) {
        if (values > items_left_) return fail("more values than the limit allows");
        items_left_ -= values;
        return true;
    }
    // Passes over one value, whatever it is.
    [[nodiscard]] bool skip();

  private:
    // In whatever form it is.
    [[nodiscard]] bool read_any(std::uint64_t& value);
    [[nodiscard]] bool read_any(std::string_view& value);
    [[nodiscard]] bool enter_any(std::uint32_t& count);
    // An integer that is not its own first byte.
    template <class Value>
    [[nodiscard]] bool read_wide(Value& value);
    [[nodiscard]] bool take(std::uint8_t& byte);
    [[nodiscard]] bool pass(std::size_t count);
    template <class Word>
    [[nodiscard]] bool word(Word& value);
    template <class Word, class Value>
    [[nodiscard]] bool widened(Value& value);
    // `values` more values were announced, inside one more container.
    [[nodiscard]] bool announce(std::uint64_t values) {
        if (values > left()) return fail("more values announced than there are bytes");
        if (depth_ >= depth_limit_) return fail("nested deeper than the limit allows");
        ++depth_;
        return charge(values);
    }
    [[nodiscard]] bool skip_values(std::uint64_t values);

    const char* begin_;
    const char* at_;
    const char* end_;
    std::size_t depth_limit_;
    std::size_t items_left_;
    bool encoded_entries_;
    std::size_t depth_ = 0;
    const char* failure_ = nullptr;
    std::size_t failed_at_ = 0;
    std::optional<std::string> unknown_;
};

}  // namespace ringkv::wire
