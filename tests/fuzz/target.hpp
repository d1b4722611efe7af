// A fuzz target: one program a decoder. It takes any bytes at all, and breaks a RINGKV_CHECK where what
// the decoder says of them cannot be true; a sanitizer ends it where the decoder itself goes wrong.
// Either way libFuzzer keeps the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "common/check.hpp"
#include "ringkv/result.hpp"

namespace ringkv::fuzz {

// Each target's own. Thread safety: none needed.
void take(std::string_view input);

// A refusal must be one of those that the decoder's header names, and say something.
inline void check_refusal(const Error& error, std::initializer_list<ErrorCode> allowed) {
    bool known = false;
    for (const ErrorCode code : allowed) known = known || error.code() == code;
    RINGKV_CHECK(known, "refused with another code than the header names");
    RINGKV_CHECK(!error.message().empty(), "refused without a word");
}

}  // namespace ringkv::fuzz
