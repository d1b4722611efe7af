// What values are written with: the commonest forms of msgpack in a few instructions, the others by msgpack-cxx. Most
// numbers of a message are below 128, most texts and arrays are short, and a put passes through here a hundred times.
//
// Thread safety: none; one thread at a time.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <msgpack.hpp>
#include <string>
#include <string_view>

namespace ringkv::wire {

// Appends to a string. What is written is gathered first, and is there after flush(), or when the sink goes.
class StringSink {
  public:
    explicit StringSink(std::string& buffer) : buffer_(buffer) {}
    ~StringSink() { flush(); }
    StringSink(const StringSink&) = delete;
    StringSink& operator=(const StringSink&) = delete;

    [[gnu::always_inline]] void write(const char* data, std::size_t size) {
        if (size > gathered_.size() - used_) return write_through(data, size);
        if (size != 0) std::memcpy(gathered_.data() + used_, data, size);  // of an empty view it may be null
        used_ += size;
    }
    // Room for `size` more bytes, at most a tenth of what is gathered at a time; wrote() says how many were written.
    [[nodiscard, gnu::always_inline]] char* room(std::size_t size) {
        if (size > gathered_.size() - used_) flush();
        return gathered_.data() + used_;
    }
    [[gnu::always_inline]] void wrote(std::size_t size) { used_ += size; }
    // That the string will have.
    [[nodiscard]] std::size_t size() const { return buffer_.size() + used_; }
    void flush() {
        buffer_.append(gathered_.data(), used_);
        used_ = 0;
    }

  private:
    [[gnu::noinline]] void write_through(const char* data, std::size_t size) {
        flush();
        buffer_.append(data, size);
    }

    std::string& buffer_;
    std::array<char, 512> gathered_;  // the first `used_` of them
    std::size_t used_ = 0;
};

class Packer {
  public:
    explicit Packer(StringSink& sink) : sink_(sink), library_(sink) {}

    // In the shortest form that holds it.
    [[gnu::always_inline]] void number(std::uint64_t value) {
        if (value < 0x80)
            byte(static_cast<char>(value));
        else
            wide(value);
    }
    void number(std::int64_t value) { library_.pack_int64(value); }
    void number(double value) { library_.pack_double(value); }
    [[gnu::always_inline]] void truth(bool value) { byte(static_cast<char>(value ? 0xc3 : 0xc2)); }
    [[gnu::always_inline]] void nil() { byte(static_cast<char>(0xc0)); }
    // So many values follow.
    [[gnu::always_inline]] void array(std::size_t count) {
        if (count < 16)
            byte(static_cast<char>(0x90 | count));
        else
            library_.pack_array(static_cast<std::uint32_t>(count));
    }
    [[gnu::always_inline]] void bytes(const char* data, std::size_t size) {
        if (size < 0x100) {
            char* const at = sink_.room(2);
            at[0] = static_cast<char>(0xc4);
            at[1] = static_cast<char>(size);
            sink_.wrote(2);
        } else {
            library_.pack_bin(static_cast<std::uint32_t>(size));
        }
        sink_.write(data, size);
    }
    // Something that is in this form already.
    [[gnu::always_inline]] void encoded(std::string_view value) { sink_.write(value.data(), value.size()); }
    void text(const char* data, std::size_t size) {
        library_.pack_str(static_cast<std::uint32_t>(size));
        sink_.write(data, size);
    }
    // For what has no verb here.
    [[nodiscard]] msgpack::packer<StringSink>& library() { return library_; }

  private:
    static_assert(std::endian::native == std::endian::little);

    [[gnu::always_inline]] void byte(char value) {
        *sink_.room(1) = value;
        sink_.wrote(1);
    }
    // Precondition: value >= 128. uint8 (0xcc) to uint64 (0xcf), big-endian.
    void wide(std::uint64_t value) {
        const unsigned bytes = (static_cast<unsigned>(std::bit_width(value)) + 7) / 8;
        const auto form = static_cast<unsigned>(std::bit_width(bytes - 1));  // of 1, 2, 4 or 8 bytes
        const unsigned size = 1U << form;
        const std::uint64_t big_endian = __builtin_bswap64(value << (64 - 8 * size));
        char* const at = sink_.room(1 + sizeof(big_endian));
        at[0] = static_cast<char>(0xcc + form);
        std::memcpy(at + 1, &big_endian, sizeof(big_endian));
        sink_.wrote(1 + size);
    }

    StringSink& sink_;
    msgpack::packer<StringSink> library_;
};

}  // namespace ringkv::wire
