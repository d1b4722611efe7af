// When a shard's log is made shorter by a checkpoint, and when its beginning may go: once the log has the checkpoint,
// and an engine that keeps the keys itself has flushed all that was applied until that was known. So what the engine
// has is at or ahead of where the log begins (docs/decisions/0043). Thread safety: none; the shard's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "node/engine.hpp"
#include "node/shard.hpp"

namespace ringkv {

class LogShortening {
  public:
    // Both must outlive it. One begins where the log has so many bytes, and, if it stores the keys, twice theirs.
    LogShortening(Shard& shard, Engine& engine, std::uint64_t least) : shard_(shard), engine_(engine), least_(least) {}

    // In each turn: the log has so many bytes, and what is stored from now on stands at `end` or behind it.
    // -> what stands before that place is not needed any more.
    [[nodiscard]] std::optional<std::uint64_t> look(std::uint64_t bytes, std::uint64_t end) {
        if (!from_) {
            const std::uint64_t keys = engine_.next_flush().none() ? engine_.bytes() : 0;
            if (bytes <= std::max(least_, 2 * keys)) return std::nullopt;
            from_ = end;
            shard_.begin_checkpoint();
            return std::nullopt;
        }
        if (!shard_.checkpoint_stored()) return std::nullopt;
        if (flush_.none() && !engine_.next_flush().none()) {
            flush_ = engine_.next_flush();
            engine_.flush();
        }
        if (engine_.flushed() < flush_) return std::nullopt;
        flush_ = {};
        return std::exchange(from_, std::nullopt);
    }

  private:
    Shard& shard_;
    Engine& engine_;
    const std::uint64_t least_;
    std::optional<std::uint64_t> from_;  // one is under way: where it began
    FlushNumber flush_;                  // the log has it, and the engine makes this flush
};

}  // namespace ringkv
