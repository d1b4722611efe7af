// What is read back from disk: records of the log, and the values of the registry's store.
#include <string>

#include "common/edge/codec/codec.hpp"
#include "tests/fuzz/msgpack_oracle.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/edge/samples.hpp"

namespace ringkv::fuzz {
namespace {

// What was decoded can be stored again, and is read as it was.
template <class Decode, class Encode>
void check(std::string_view bytes, Decode decode, Encode encode) {
    const auto value = decode(bytes);
    if (!value) return check_refusal(value.error(), {ErrorCode::malformed, ErrorCode::version_mismatch});
    const std::string stored = encode(*value);
    RINGKV_CHECK(Values(bytes).hold(Values(stored)), "a value became another one");
    const auto read = decode(stored);
    RINGKV_CHECK(read, "our own bytes are refused");
    RINGKV_CHECK(samples::same(*read, *value), "read as another value");
    RINGKV_CHECK(encode(*read) == stored, "other bytes for the same value");
}

}  // namespace

void take(std::string_view input) {
    const auto encode = [](const auto& value) { return encode_value(value); };
    check(
        input, [](std::string_view bytes) { return decode_record(bytes); }, encode_record);
    check(input, decode_settings, encode);
    check(input, decode_node, encode);
    check(input, decode_partition, encode);
}

}  // namespace ringkv::fuzz
