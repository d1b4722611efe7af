// Strong ids: a PartitionId is never an OpNumber by accident. All are plain integers inside,
// ordered, hashable, and 0 means "none" or "nothing yet" wherever that makes sense.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include "common/fields.hpp"

namespace ringkv {

template <class Tag, class Rep = std::uint64_t>
class StrongId {
  public:
    using rep = Rep;

    constexpr StrongId() = default;
    explicit constexpr StrongId(Rep value) : value_(value) {}

    [[nodiscard]] constexpr Rep value() const { return value_; }
    [[nodiscard]] constexpr StrongId next() const { return StrongId(static_cast<Rep>(value_ + 1)); }
    // The one before; of 0 it is 0.
    [[nodiscard]] constexpr StrongId previous() const {
        return StrongId(value_ == 0 ? Rep{0} : static_cast<Rep>(value_ - 1));
    }
    [[nodiscard]] constexpr bool none() const { return value_ == 0; }
    friend constexpr auto operator<=>(StrongId, StrongId) = default;

  private:
    Rep value_{0};
};

// One identity (name, storage id), numbered by the registry when it first joins; never used again
// for another. A node that comes back with a blank disk gets a new one (protocol.md, Words).
using NodeId = StrongId<struct NodeIdTag, std::uint32_t>;
// Which start of a node's process; grows with each.
using StartNumber = StrongId<struct StartNumberTag>;
using PartitionId = StrongId<struct PartitionIdTag, std::uint32_t>;
using Generation = StrongId<struct GenerationTag>;
using ViewNumber = StrongId<struct ViewNumberTag>;
using Epoch = StrongId<struct EpochTag>;
// Position in a partition's log, from 1. Also the version of the key it wrote.
using OpNumber = StrongId<struct OpNumberTag>;
using ClientId = StrongId<struct ClientIdTag>;
// A client's number for one write; the same in every retry of it. From 1.
using Sequence = StrongId<struct SequenceTag>;
// A client's number for one attempt, and a node's for one request to the registry. From 1.
using RequestId = StrongId<struct RequestIdTag>;
using Nonce = StrongId<struct NonceTag>;
using BatchNumber = StrongId<struct BatchNumberTag>;
// What an engine that outlives the process holds of a partition: a new one each time that it is emptied. Of one shard
// none is given twice; they grow, and so do the numbers of the engine's flushes.
using ContentsNumber = StrongId<struct ContentsNumberTag>;
using FlushNumber = StrongId<struct FlushNumberTag>;

// 16 hexadecimal digits: how log lines name clients and attempts.
[[nodiscard]] std::string to_hex(std::uint64_t value);

// Which of a node's event loops; partition p is owned by shard p mod (the node's shards).
using ShardIndex = std::uint32_t;

// 128 random bits. All zero = none.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] bool none() const { return *this == Uuid{}; }
    // Lower-case 8-4-4-4-12.
    [[nodiscard]] std::string to_string() const;
    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// Views of a partition are ordered by generation (of a rebuilt registry) and then by number.
struct ViewId {
    Generation generation;
    ViewNumber number;

    [[nodiscard]] bool none() const { return number.none(); }
    [[nodiscard]] ViewId next() const { return {generation, number.next()}; }
    // "g1.v7"; the generation is left out where it is 1: "v7".
    [[nodiscard]] std::string to_string() const;
    friend auto operator<=>(const ViewId&, const ViewId&) = default;

    RINGKV_FIELDS(ViewId, generation, number);
};

}  // namespace ringkv

template <class Tag, class Rep>
struct std::hash<ringkv::StrongId<Tag, Rep>> {
    std::size_t operator()(ringkv::StrongId<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value()); }
};
