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
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/edge/codec/codec.hpp"

namespace ringkv::wire {

class Reader {
  public:
    Reader(std::string_view bytes, const CodecLimits& limits);

    // Nothing left.
    [[nodiscard]] bool finished() const { return at_ == end_; }
    // Records the first failure. Returns false, for the caller to hand on.
    bool fail(const char* what);
    // Precondition: a read failed.
    [[nodiscard]] Error error() const;

    // The number just read, of an enumeration, names nothing that is known here. The first one is kept.
    void note_unknown(std::uint64_t number);
    // What was noted since the last call, for people to read; none: nothing.
    [[nodiscard]] std::optional<std::string> take_unknown() { return std::exchange(unknown_, {}); }

    // Any integer format, as long as the value fits.
    [[nodiscard]] bool read(std::uint64_t& value) {
        if (at_ == end_ || static_cast<signed char>(*at_) < 0) return read_wide(value);
        value = static_cast<std::uint64_t>(*at_++);  // most numbers are small, and their own first byte
        return true;
    }
    [[nodiscard]] bool read(std::int64_t& value);
    [[nodiscard]] bool read(bool& value);
    // Any number that is finite.
    [[nodiscard]] bool read(double& value);
    // str or bin; a view into the frame.
    [[nodiscard]] bool read(std::string_view& value);
    // Does an array come next?
    [[nodiscard]] bool at_array() const;
    // Is nil next? If so it is taken.
    [[nodiscard]] bool take_nil();
    // An array of `count` values begins; leave() after its last. `count` is never more than the bytes left.
    [[nodiscard]] bool enter(std::uint32_t& count);
    void leave() { --depth_; }
    // Counts so many more values against the limit, for something that takes more memory than its bytes show.
    [[nodiscard]] bool charge(std::uint64_t values);
    // Passes over one value, whatever it is.
    [[nodiscard]] bool skip();

  private:
    // An integer that is not its own first byte.
    template <class Value>
    [[nodiscard]] bool read_wide(Value& value);
    [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    [[nodiscard]] bool take(std::uint8_t& byte);
    [[nodiscard]] bool pass(std::size_t count);
    template <class Word>
    [[nodiscard]] bool word(Word& value);
    template <class Word, class Value>
    [[nodiscard]] bool widened(Value& value);
    // `values` more values were announced, inside one more container.
    [[nodiscard]] bool announce(std::uint64_t values);
    [[nodiscard]] bool skip_values(std::uint64_t values);

    const char* begin_;
    const char* at_;
    const char* end_;
    std::size_t depth_limit_;
    std::size_t items_left_;
    std::size_t depth_ = 0;
    const char* failure_ = nullptr;
    std::size_t failed_at_ = 0;
    std::optional<std::string> unknown_;
};

}  // namespace ringkv::wire
