#include "common/edge/codec/codec_reader.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "common/check.hpp"

namespace ringkv::wire {

Reader::Reader(std::string_view bytes, const CodecLimits& limits)
    : begin_(bytes.data()),
      at_(bytes.data()),
      end_(bytes.data() + bytes.size()),
      depth_limit_(limits.depth),
      items_left_(limits.items),
      encoded_entries_(limits.encoded_entries) {
    if (bytes.size() > limits.frame) {
        end_ = at_;
        fail("more bytes than the limit allows");
    }
}

bool Reader::fail(const char* what) {
    if (failure_ == nullptr) {
        failure_ = what;
        failed_at_ = static_cast<std::size_t>(at_ - begin_);
    }
    return false;
}

Error Reader::error() const {
    RINGKV_CHECK(failure_ != nullptr, "error() of a reader that did not fail");
    return {ErrorCode::malformed,
            std::string("not a message of ours: ") + failure_ + ", before byte " + std::to_string(failed_at_)};
}

void Reader::note_unknown(std::uint64_t number) {
    if (unknown_) return;
    unknown_ = "the number " + std::to_string(number) + ", before byte " + std::to_string(at_ - begin_) +
               ", names nothing known here";
}

inline bool Reader::take(std::uint8_t& byte) {
    if (at_ == end_) return fail("cut short");
    byte = static_cast<std::uint8_t>(*at_++);
    return true;
}

inline bool Reader::pass(std::size_t count) {
    if (left() < count) return fail("cut short");
    at_ += count;
    return true;
}

// Big-endian, as msgpack has it.
template <class Word>
bool Reader::word(Word& value) {
    using Bits = std::make_unsigned_t<Word>;
    if (left() < sizeof(Word)) return fail("cut short");
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) bits = bits << 8U | static_cast<std::uint8_t>(at_[i]);
    at_ += sizeof(Word);
    value = static_cast<Word>(static_cast<Bits>(bits));
    return true;
}

template <class Word, class Value>
bool Reader::widened(Value& value) {
    Word narrow{};
    if (!word(narrow)) return false;
    if constexpr (std::is_signed_v<Word> && std::is_unsigned_v<Value>)
        if (narrow < 0) return fail("a negative number where none can be");
    if constexpr (std::is_unsigned_v<Word> && std::is_signed_v<Value> && sizeof(Word) == sizeof(Value))
        if (narrow > static_cast<Word>(std::numeric_limits<Value>::max())) return fail("a number out of range");
    value = static_cast<Value>(narrow);  // NOLINT(bugprone-signed-char-misuse): a number, whose sign is meant
    return true;
}

template <class Value>
bool Reader::read_wide(Value& value) {
    std::uint8_t first = 0;
    if (!take(first)) return false;
    switch (first) {
        case head::uint8: return widened<std::uint8_t>(value);
        case head::uint16: return widened<std::uint16_t>(value);
        case head::uint32: return widened<std::uint32_t>(value);
        case head::uint64: return widened<std::uint64_t>(value);
        case head::int8: return widened<std::int8_t>(value);
        case head::int16: return widened<std::int16_t>(value);
        case head::int32: return widened<std::int32_t>(value);
        case head::int64: return widened<std::int64_t>(value);
        default: return fail("something else where an integer should be");
    }
}

bool Reader::read_any(std::uint64_t& value) {
    if (at_ == end_ || static_cast<std::uint8_t>(*at_) >= head::fixmap) return read_wide(value);
    value = static_cast<std::uint8_t>(*at_++);
    return true;
}

bool Reader::read(std::int64_t& value) {
    if (at_ == end_) return fail("cut short");
    const auto first = static_cast<std::uint8_t>(*at_);
    if (first >= head::fixmap && first < head::negative) return read_wide(value);
    value = static_cast<std::int8_t>(*at_++);  // NOLINT(bugprone-signed-char-misuse): a number, whose sign is meant
    return true;
}

bool Reader::read(bool& value) {
    std::uint8_t first = 0;
    if (!take(first)) return false;
    if (first != head::no && first != head::yes) return fail("something else where true or false should be");
    value = first == head::yes;
    return true;
}

bool Reader::read(double& value) {
    if (at_ == end_) return fail("cut short");
    const auto first = static_cast<std::uint8_t>(*at_);
    if (first == head::float64) {
        std::uint64_t bits = 0;
        ++at_;
        if (!word(bits)) return false;
        value = std::bit_cast<double>(bits);
    } else if (first == head::float32) {
        std::uint32_t bits = 0;
        ++at_;
        if (!word(bits)) return false;
        value = std::bit_cast<float>(bits);
    } else {
        // Writers send 1 for 1.0: msgpack-cxx itself, and languages that have one kind of number.
        const bool maybe_negative = first >= head::int8;
        std::int64_t whole = 0;
        std::uint64_t natural = 0;
        if (maybe_negative ? !read(whole) : !read(natural)) return false;
        value = maybe_negative ? static_cast<double>(whole) : static_cast<double>(natural);
    }
    return std::isfinite(value) || fail("a number that is not finite");
}

bool Reader::read_any(std::string_view& value) {
    std::uint8_t first = 0;
    if (!take(first)) return false;
    std::uint64_t size = 0;
    bool known = true;
    switch (first) {
        case head::bin8:
        case head::str8: known = widened<std::uint8_t>(size); break;
        case head::bin16:
        case head::str16: known = widened<std::uint16_t>(size); break;
        case head::bin32:
        case head::str32: known = widened<std::uint32_t>(size); break;
        default:
            if (first < head::fixstr || first >= head::nil) return fail("something else where bytes should be");
            size = first - head::fixstr;
    }
    if (!known) return false;
    const char* const bytes = at_;
    if (!pass(size)) return false;
    value = {bytes, size};
    return true;
}

bool Reader::at_array() const {
    if (at_ == end_) return false;
    const auto first = static_cast<std::uint8_t>(*at_);
    return (first >= head::fixarray && first < head::fixstr) || first == head::array16 || first == head::array32;
}

bool Reader::enter_any(std::uint32_t& count) {
    std::uint8_t first = 0;
    if (!take(first)) return false;
    if (first >= head::fixarray && first < head::fixstr) {
        count = first - head::fixarray;
    } else if (first == head::array16) {
        if (!widened<std::uint16_t>(count)) return false;
    } else if (first == head::array32) {
        if (!word(count)) return false;
    } else {
        return fail("something else where an array should be");
    }
    return announce(count);
}

bool Reader::skip_values(std::uint64_t values) {
    if (!announce(values)) return false;
    for (std::uint64_t i = 0; i < values; ++i)
        if (!skip()) return false;
    leave();
    return true;
}

bool Reader::skip() {
    std::uint8_t first = 0;
    if (!take(first)) return false;
    if (first < head::fixmap || first >= head::negative) return true;
    if (first < head::fixarray) return skip_values(std::uint64_t{2} * (first - head::fixmap));
    if (first < head::fixstr) return skip_values(first - head::fixarray);
    if (first < head::nil) return pass(first - head::fixstr);
    std::uint64_t size = 0;
    switch (first) {
        case head::nil:
        case head::no:
        case head::yes: return true;
        case head::bin8:
        case head::str8: return widened<std::uint8_t>(size) && pass(size);
        case head::bin16:
        case head::str16: return widened<std::uint16_t>(size) && pass(size);
        case head::bin32:
        case head::str32: return widened<std::uint32_t>(size) && pass(size);
        case head::ext8: return widened<std::uint8_t>(size) && pass(size + 1);
        case head::ext16: return widened<std::uint16_t>(size) && pass(size + 1);
        case head::ext32: return widened<std::uint32_t>(size) && pass(size + 1);
        case head::uint8:
        case head::int8: return pass(1);
        case head::uint16:
        case head::int16: return pass(2);
        case head::float32:
        case head::uint32:
        case head::int32: return pass(4);
        case head::float64:
        case head::uint64:
        case head::int64: return pass(8);
        case head::array16: return widened<std::uint16_t>(size) && skip_values(size);
        case head::array32: return widened<std::uint32_t>(size) && skip_values(size);
        case head::map16: return widened<std::uint16_t>(size) && skip_values(2 * size);
        case head::map32: return widened<std::uint32_t>(size) && skip_values(2 * size);
        default: break;
    }
    if (first >= head::fixext1 && first <= head::fixext16) return pass((std::size_t{1} << (first - head::fixext1)) + 1);
    return fail("a byte that begins nothing");
}

}  // namespace ringkv::wire
