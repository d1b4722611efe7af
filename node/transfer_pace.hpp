// How much of a shard's time goes into moving and deleting data: state transfers are limited in number and in bytes a
// second, deletions of a partition follow each other at a distance (M2, M4). Requests wait while a chunk is made or a
// partition is deleted.
#pragma once

#include <cstdint>

#include "common/time.hpp"
#include "node/slot.hpp"

namespace ringkv {

class TransferPace {
  public:
    // Earns bytes for the time that has passed, a tenth of a second's worth at most.
    void refill(Time now, std::uint64_t bytes_per_second);
    // May a chunk be sent now?
    [[nodiscard]] bool open() const { return available_ > 0; }
    void spend(std::uint64_t bytes) { available_ -= static_cast<std::int64_t>(bytes); }

    // State transfers that this shard sends.
    [[nodiscard]] std::uint64_t transfers() const { return transfers_; }
    [[nodiscard]] Slot begin_transfer() { return Slot(transfers_); }

    // May a partition be deleted now? Then that is its turn.
    [[nodiscard]] bool take_deletion(Time now);

  private:
    Time refilled_at_{};
    std::int64_t available_ = 0;
    std::uint64_t transfers_ = 0;
    Time deleted_at_{};
};

}  // namespace ringkv
