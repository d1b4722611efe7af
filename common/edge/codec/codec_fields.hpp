// How each kind of field looks on the wire: Field<T> packs and unpacks a T. Structs are arrays of the
// fields of their tie(), in that order; when read, trailing ones may be missing, or be more.
//
//   strong ids, integers   an integer, range-checked       enums      an integer
//   bool                   true, false                     double     any number that is finite
//   std::string            bin (str is taken too)          Uuid       bin of 16
//   ByteString             the same; a part of the frame   EntryPtr   the entry
//   Duration               nanoseconds
//   optional               nil, or the value
//   vector                 an array                        map        an array of its values
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/check.hpp"
#include "common/edge/codec/codec_packer.hpp"
#include "common/edge/codec/codec_reader.hpp"

namespace ringkv::wire {

template <class T>
struct Field;

template <class T>
[[gnu::always_inline]] inline void pack(Packer& out, const T& value) {
    Field<T>::pack(out, value);
}

template <class T>
[[nodiscard, gnu::always_inline]] inline bool unpack(Reader& in, T& value) {
    return Field<T>::unpack(in, value);
}

// What must hold of a struct beyond its fields' types: where its receiver sizes memory by it, or has nothing to go on
// with.
template <class T>
[[nodiscard]] const char* objection(const T&) {
    return nullptr;
}
inline const char* objection(const ClusterSettings& settings) {
    return settings.partitions > 65536 ? "more than 65536 partitions" : nullptr;
}
inline const char* objection(const AppendRecord& record) {
    return record.entry == nullptr ? "nothing to append" : nullptr;
}

// References to the fields of a struct, in order.
template <class T>
auto fields_of(T& value) {
#ifdef RINGKV_ONE_FIELD_MORE  // as a next release may have it; tests/cluster/two_builds_test.cpp says what for
    static thread_local std::string added;
    added = "a field of the next release";
    return std::tuple_cat(value.tie(), std::tie(added));
#else
    return value.tie();
#endif
}

template <class T>
inline constexpr std::uint32_t field_count = std::tuple_size_v<decltype(fields_of(std::declval<const T&>()))>;

template <class T>
void pack_fields(Packer& out, const T& value) {
    std::apply([&out](const auto&... field) { (wire::pack(out, field), ...); }, fields_of(value));
}

template <class T>
[[nodiscard, gnu::noinline]] bool unpack_fewer_or_more(Reader& in, T& value, std::uint32_t count) {
    // Defaults take room that no byte stands for.
    // NOLINTNEXTLINE(bugprone-sizeof-expression): not the length of an array
    if (count < field_count<T> && !in.charge(sizeof(T) / sizeof(std::uint64_t))) return false;
    const auto next = [&in, &count](auto& field) { return count == 0 || (--count, wire::unpack(in, field)); };
    if (!std::apply([&next](auto&... field) { return (next(field) && ...); }, fields_of(value))) return false;
    for (; count > 0; --count)
        if (!in.skip()) return false;
    return true;
}

// `count`: how many are there. Those that an older release does not have keep their defaults; those of a newer one
// are passed over (docs/protocol.md, "Formats that grow").
template <class T>
[[nodiscard]] bool unpack_fields(Reader& in, T& value, std::uint32_t count) {
    const bool as_many = count == field_count<T>;
    if (as_many ? !std::apply([&in](auto&... field) { return (wire::unpack(in, field) && ...); }, fields_of(value))
                : !unpack_fewer_or_more(in, value, count))
        return false;
    const char* const wrong = objection(value);
    return wrong == nullptr || in.fail(wrong);
}

// A struct. Types of other kinds have their own below.
template <class T>
struct Field {
    static void pack(Packer& out, const T& value) {
        out.array(field_count<T>);
        pack_fields(out, value);
    }
    static bool unpack(Reader& in, T& value) {
        // Three stand in each Prepare.
        if constexpr (std::is_same_v<T, ViewId>) {
            std::uint64_t generation = 0;
            std::uint64_t number = 0;
            if (in.take_pair(generation, number)) {
                value = {Generation(generation), ViewNumber(number)};
                return true;
            }
        }
        std::uint32_t count = 0;
        if (!in.enter(count) || !unpack_fields(in, value, count)) return false;
        in.leave();
        return true;
    }
};

template <class T>
requires std::is_unsigned_v<T>
struct Field<T> {
    [[gnu::always_inline]] static void pack(Packer& out, T value) { out.number(std::uint64_t{value}); }
    [[gnu::always_inline]] static bool unpack(Reader& in, T& value) {
        std::uint64_t wide = 0;
        if (!in.read(wide)) return false;
        if (wide > std::numeric_limits<T>::max()) return in.fail("a number out of range");
        value = static_cast<T>(wide);
        return true;
    }
};

template <>
struct Field<bool> {
    static void pack(Packer& out, bool value) { out.truth(value); }
    static bool unpack(Reader& in, bool& value) { return in.read(value); }
};

template <>
struct Field<double> {
    static void pack(Packer& out, double value) { out.number(value); }
    static bool unpack(Reader& in, double& value) { return in.read(value); }
};

template <>
struct Field<Duration> {
    static void pack(Packer& out, Duration value) { out.number(std::int64_t{value.count()}); }
    static bool unpack(Reader& in, Duration& value) {
        std::int64_t count = 0;
        if (!in.read(count)) return false;
        value = Duration(count);
        return true;
    }
};

template <class Tag, class Rep>
struct Field<StrongId<Tag, Rep>> {
    [[gnu::always_inline]] static void pack(Packer& out, StrongId<Tag, Rep> value) {
        out.number(std::uint64_t{value.value()});
    }
    [[gnu::always_inline]] static bool unpack(Reader& in, StrongId<Tag, Rep>& value) {
        Rep plain{};
        if (!wire::unpack(in, plain)) return false;
        value = StrongId<Tag, Rep>(plain);
        return true;
    }
};

// The values of an enum that are known here: first .. last. Another one makes the message that it is in unreadable,
// unless the enum says what it is to be read as: `fallback`.
template <class E>
struct EnumRange;
template <auto First, auto Last>
struct EnumFromTo {
    static constexpr auto first = static_cast<std::uint64_t>(First);
    static constexpr auto last = static_cast<std::uint64_t>(Last);
};
template <>
struct EnumRange<NodeState> : EnumFromTo<NodeState::up, NodeState::gone> {};
template <>
struct EnumRange<NodeDuty> : EnumFromTo<NodeDuty::hold, NodeDuty::leave> {};
template <>
struct EnumRange<AdminAction> : EnumFromTo<AdminAction::drain, AdminAction::reset_partitions> {};
template <>
struct EnumRange<Durability> : EnumFromTo<Durability::memory, Durability::fsync> {};
template <>
struct EnumRange<ReadMode> : EnumFromTo<ReadMode::lease, ReadMode::confirmed> {};
template <>
struct EnumRange<EntryKind> : EnumFromTo<EntryKind::set, EntryKind::expire> {};
template <>
struct EnumRange<WriteStatus> : EnumFromTo<WriteStatus::done, WriteStatus::not_found> {};
template <>
struct EnumRange<TroubleKind> : EnumFromTo<TroubleKind::shard_stuck, TroubleKind::disk_stalled> {};
template <>
struct EnumRange<Ack> : EnumFromTo<Ack::all, Ack::primary> {};
// Refused for good is what a refusal for any unknown reason is, to a client that cannot tell what would help.
template <>
struct EnumRange<RefusalReason> : EnumFromTo<RefusalReason::overloaded, RefusalReason::too_old> {
    static constexpr RefusalReason fallback = RefusalReason::not_built;
};
template <>
struct EnumRange<ErrorCode> : EnumFromTo<ErrorCode::invalid_argument, ErrorCode::internal> {
    static constexpr ErrorCode fallback = ErrorCode::internal;
};

template <class E>
requires std::is_enum_v<E>
struct Field<E> {
    [[gnu::always_inline]] static void pack(Packer& out, E value) { out.number(static_cast<std::uint64_t>(value)); }
    [[gnu::always_inline]] static bool unpack(Reader& in, E& value) {
        std::uint64_t number = 0;
        if (!in.read(number)) return false;
        if (number >= EnumRange<E>::first && number <= EnumRange<E>::last)
            value = static_cast<E>(number);
        else if constexpr (requires { EnumRange<E>::fallback; })
            value = EnumRange<E>::fallback;
        else
            in.note_unknown(number);
        return true;
    }
};

template <>
struct Field<std::string> {
    static void pack(Packer& out, const std::string& value) { out.bytes(value.data(), value.size()); }
    static bool unpack(Reader& in, std::string& value) {
        std::string_view bytes;
        if (!in.read(bytes)) return false;
        value = std::string(bytes);  // cheaper than assign() to an empty one
        return true;
    }
};

template <>
struct Field<ByteString> {
    static void pack(Packer& out, const ByteString& value) { out.bytes(value.data(), value.size()); }
    static bool unpack(Reader& in, ByteString& value) {
        std::string_view bytes;
        if (!in.read(bytes)) return false;
        value = ByteString::part(bytes);
        return true;
    }
};

template <>
struct Field<Uuid> {
    static void pack(Packer& out, const Uuid& value) {
        out.bytes(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
    }
    static bool unpack(Reader& in, Uuid& value) {
        std::string_view bytes;
        if (!in.read(bytes)) return false;
        if (bytes.size() != value.bytes.size()) return in.fail("an id that is not 16 bytes");
        std::transform(bytes.begin(), bytes.end(), value.bytes.begin(),
                       [](char byte) { return static_cast<std::uint8_t>(byte); });
        return true;
    }
};

template <class T>
struct Field<std::optional<T>> {
    static void pack(Packer& out, const std::optional<T>& value) {
        if (value) {
            wire::pack(out, *value);
        } else {
            out.nil();
        }
    }
    static bool unpack(Reader& in, std::optional<T>& value) {
        value.reset();
        return in.take_nil() || wire::unpack(in, value.emplace());
    }
};

template <class T>
struct Field<std::vector<T>> {
    static void pack(Packer& out, const std::vector<T>& values) {
        out.array(values.size());
        for (const T& value : values) wire::pack(out, value);
    }
    static bool unpack(Reader& in, std::vector<T>& values) {
        std::uint32_t count = 0;
        if (!in.enter(count)) return false;
        values.clear();
        // `count` is only a claim: no more is taken than the frame takes. The rest grows with what is really there.
        values.reserve(std::min<std::size_t>(count, 16 + in.left() / sizeof(T)));
        for (std::uint32_t i = 0; i < count; ++i)
            if (!wire::unpack(in, values.emplace_back())) return false;
        in.leave();
        return true;
    }
};

// Of an entry: views into the frame, or into a list of this thread, until it is shared.
template <>
struct Field<std::string_view> {
    static void pack(Packer& out, std::string_view value) { out.bytes(value.data(), value.size()); }
    static bool unpack(Reader& in, std::string_view& value) { return in.read(value); }
};

template <>
struct Field<ClientIds> {
    static void pack(Packer& out, const ClientIds& values) {
        out.array(values.size());
        for (const ClientId client : values) wire::pack(out, client);
    }
    static bool unpack(Reader& in, ClientIds& values) {
        static thread_local std::vector<ClientId> kept;
        if (kept.capacity() > 65536) kept = std::vector<ClientId>();
        if (!wire::unpack(in, kept)) return false;
        values = kept;
        return true;
    }
};

template <>
struct Field<EntryPtr> {
    // Of more or fewer fields than ours it is not sent on: nothing has judged the others, and receivers may want all.
    static constexpr std::uint8_t our_head = head::fixarray | field_count<Entry>;
    static_assert(field_count<Entry> < 16);

    static void pack(Packer& out, const EntryPtr& value) {
        RINGKV_CHECK(value != nullptr, "an entry that is not there cannot be sent or stored");
        if (value->encoded().empty())
            wire::pack(out, static_cast<const Entry&>(*value));
        else
            out.encoded(value->encoded());
    }
    static bool unpack(Reader& in, EntryPtr& value) {
        const char* const begin = in.at();
        Entry entry;
        if (!wire::unpack(in, entry)) return false;
        const auto offset = [begin](std::string_view part) {
            return part.empty() ? 0 : static_cast<std::size_t>(part.data() - begin);
        };
        EncodedEntry encoded;
        if (in.encoded_entries() && static_cast<std::uint8_t>(*begin) == our_head)
            encoded = {{begin, in.at()}, offset(entry.key), offset(entry.value)};
        static thread_local EntryBlocks blocks;
        value = blocks.share(entry, encoded);
        return true;
    }
};

template <>
struct Field<Entries> {
    static void pack(Packer& out, const Entries& entries) {
        out.array(entries.size());
        for (const EntryPtr& entry : entries) wire::pack(out, entry);
    }
    static bool unpack(Reader& in, Entries& entries) {
        std::uint32_t count = 0;
        if (!in.enter(count)) return false;
        entries.clear();
        entries.reserve(std::min<std::size_t>(count, 16 + in.left() / sizeof(Entry)));
        for (std::uint32_t i = 0; i < count; ++i)
            if (!wire::unpack(in, entries.emplace_back())) return false;
        in.leave();
        return true;
    }
};

template <>
struct Field<std::map<NodeId, NodeInfo>> {
    static void pack(Packer& out, const std::map<NodeId, NodeInfo>& nodes) {
        out.array(nodes.size());
        for (const auto& [id, node] : nodes) wire::pack(out, node);
    }
    static bool unpack(Reader& in, std::map<NodeId, NodeInfo>& nodes) {
        std::uint32_t count = 0;
        if (!in.enter(count)) return false;
        nodes.clear();
        for (std::uint32_t i = 0; i < count; ++i) {
            NodeInfo node;
            if (!wire::unpack(in, node)) return false;
            const NodeId id = node.id;
            if (!nodes.emplace(id, std::move(node)).second) return in.fail("the same node twice");
        }
        in.leave();
        return true;
    }
};

// One of several structs: an array of what `head` packs of its number in the variant, then its fields.
template <class Head, class... Alternatives>
void pack_alternative(Packer& out, const std::variant<Alternatives...>& value, const Head& head) {
    std::visit(
        [&out, &value, &head]<class T>(const T& alternative) {
            out.array(1 + field_count<T>);
            head(value.index());
            pack_fields(out, alternative);
        },
        value);
}

template <class... Alternatives>
[[nodiscard]] bool unpack_alternative(Reader& in, std::variant<Alternatives...>& value, std::uint64_t number,
                                      std::uint32_t count) {
    using Variant = std::variant<Alternatives...>;
    using Unpack = bool (*)(Reader&, Variant&, std::uint32_t);
    static constexpr Unpack table[] = {[](Reader& from, Variant& into, std::uint32_t fields) {
        return unpack_fields(from, into.template emplace<Alternatives>(), fields);
    }...};
    return table[number](in, value, count);
}

}  // namespace ringkv::wire
