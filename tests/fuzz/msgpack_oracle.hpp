// A second opinion on bytes that our own msgpack reader took: that of the msgpack library.
#pragma once

#include <algorithm>
#include <msgpack.hpp>
#include <string_view>
#include <vector>

#include "common/edge/codec/codec.hpp"
#include "tests/fuzz/target.hpp"

namespace ringkv::fuzz {

// The values of some bytes, one after the other. They must be msgpack, and no deeper than the codec's limit.
class Values {
  public:
    explicit Values(std::string_view bytes) {
        const msgpack::unpack_limit limits(bytes.size(), bytes.size(), bytes.size(), bytes.size(), bytes.size(),
                                           CodecLimits{}.depth);
        try {
            for (std::size_t at = 0; at < bytes.size();)
                handles_.push_back(msgpack::unpack(bytes.data(), bytes.size(), at, nullptr, nullptr, limits));
        } catch (const msgpack::unpack_error& error) {
            RINGKV_CHECK(false, "taken, and not msgpack within the limits");
        }
    }

    // Is everything that we `resent` what was there? More may have been there: fields of a newer release are passed
    // over, and so are messages that only it can read. Fewer may have been there: fields that an older release does
    // not have are sent with their defaults. The first `header` values are not looked at.
    [[nodiscard]] bool hold(const Values& resent, std::ptrdiff_t header = 0) const {
        auto from = handles_.begin() + header;
        for (auto value = resent.handles_.begin() + header; value != resent.handles_.end(); ++value) {
            from = std::find_if(from, handles_.end(), [&](const auto& was) { return same(was.get(), value->get()); });
            if (from == handles_.end()) return false;
            ++from;
        }
        return true;
    }

  private:
    using Object = msgpack::object;

    static bool number(const Object& value) {
        return value.type == msgpack::type::POSITIVE_INTEGER || value.type == msgpack::type::NEGATIVE_INTEGER ||
               value.type == msgpack::type::FLOAT32 || value.type == msgpack::type::FLOAT64;
    }
    static bool text(const Object& value) {
        return value.type == msgpack::type::STR || value.type == msgpack::type::BIN;
    }
    static std::string_view bytes(const Object& value) {
        return value.type == msgpack::type::STR ? std::string_view(value.via.str.ptr, value.via.str.size)
                                                : std::string_view(value.via.bin.ptr, value.via.bin.size);
    }

    // A number may come in another format, and text as str or bin.
    static bool same(const Object& was, const Object& now) {
        if (text(was) && text(now)) return bytes(was) == bytes(now);
        if (was.type == msgpack::type::ARRAY && now.type == msgpack::type::ARRAY) return same_array(was, now);
        if (number(was) && number(now)) return same_number(was, now);
        return was == now || same_type(was, now);
    }
    // A reason or an error code of a newer release is read as the one that stands for all of them.
    static bool same_number(const Object& was, const Object& now) {
        if (now == Object(static_cast<int>(RefusalReason::not_built)) ||
            now == Object(static_cast<int>(ErrorCode::internal)))
            return true;
        return was.type == now.type ? was == now : was.as<double>() == now.as<double>();
    }
    // Stored records of the first format have their type alone where others have [2, type].
    static bool same_type(const Object& was, const Object& now) {
        return was.type == msgpack::type::POSITIVE_INTEGER && now.type == msgpack::type::ARRAY &&
               now.via.array.size == 2 && now.via.array.ptr[0] == Object(2) && now.via.array.ptr[1] == was;
    }
    // Nodes of a map may come in any order.
    static bool same_array(const Object& was, const Object& now) {
        const msgpack::object_array& from = was.via.array;
        const msgpack::object_array& to = now.via.array;
        const std::uint32_t both = std::min(from.size, to.size);
        std::uint32_t i = 0;
        while (i < both && same(from.ptr[i], to.ptr[i])) ++i;
        if (i == both) return true;
        return from.size >= to.size && std::all_of(to.ptr, to.ptr + to.size, [&](const Object& value) {
                   return std::any_of(from.ptr, from.ptr + from.size,
                                      [&](const Object& other) { return same(other, value); });
               });
    }

    std::vector<msgpack::object_handle> handles_;
};

}  // namespace ringkv::fuzz
