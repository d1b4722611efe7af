// The one list of a struct's fields: for the codec, for comparison, and for the grammar in docs/protocol.md. Its
// order is the order on the wire and in stored records (docs/protocol.md, section 2): a new field goes to the end,
// and no field is ever taken away or moved.
#pragma once

#include <string_view>
#include <tuple>

// Stands at the end of a struct. Gives it
//   tie()         references to the fields, in order
//   field_names   the same list as text: "request, partition, key"
//   ==            field by field; a shared pointer is compared as a pointer
#define RINGKV_FIELDS(Type, ...)                                  \
    auto tie() {                                                  \
        return std::tie(__VA_ARGS__);                             \
    }                                                             \
    auto tie() const {                                            \
        return std::tie(__VA_ARGS__);                             \
    }                                                             \
    static constexpr std::string_view field_names = #__VA_ARGS__; \
    friend bool operator==(const Type&, const Type&) = default
