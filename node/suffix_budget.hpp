// The bytes that the log suffixes of a shard take together. What was appended last anywhere in the shard is kept, for
// replicas that fell behind, up to a limit; what is older goes. A partition with much to write so keeps more than one
// with little, and each keeps what is no older than the oldest kept by the others.
//
// A suffix lets go of what it need not keep when it is looked at, at each turn that touches its partition and at each
// of its replica's ticks, and then of several at once: the oldest are in no cache any more. So an eighth more than the
// limit may be held. Thread safety: none.
#pragma once

#include <cstdint>

namespace ringkv {

class SuffixBudget {
  public:
    // Bytes.
    explicit SuffixBudget(std::uint64_t limit) : limit_(limit) {}

    // -> the place of these bytes among all that was ever appended in the shard.
    [[nodiscard]] std::uint64_t append(std::uint64_t bytes) {
        held_ += bytes;
        return appended_ += bytes;
    }
    void drop(std::uint64_t bytes) { held_ -= bytes; }
    // Are the bytes of that place among the newest that are kept?
    [[nodiscard]] bool keeps(std::uint64_t place) const { return appended_ - place < limit_; }
    // Are they older by so much that it is time to let go of all that are not?
    [[nodiscard]] bool overdue(std::uint64_t place) const { return appended_ - place >= limit_ + limit_ / 8; }
    // That the suffixes hold now. More than the limit where entries are not committed yet, or where peers lack them.
    [[nodiscard]] std::uint64_t held() const { return held_; }

  private:
    const std::uint64_t limit_;
    std::uint64_t appended_ = 0;
    std::uint64_t held_ = 0;
};

}  // namespace ringkv
