// Writes to one key are sent in the order in which they were submitted: each waits until the one
// before has its outcome. Writes to different keys do not wait for each other. Pure.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ringkv {

class WriteOrder {
  public:
    using Slot = std::uint32_t;

    // Joins the queue of the key. True: it is the first there, and may be sent.
    bool enter(Slot slot, std::string_view key);
    // Leaves the queue, from wherever it stands. -> the slot that may be sent now, if that changed.
    std::optional<Slot> leave(Slot slot);

  private:
    struct Link {
        std::uint64_t key = 0;
        std::optional<Slot> before, after;
    };

    // By the key's hash: two keys with one hash wait for each other, which does no harm.
    absl::flat_hash_map<std::uint64_t, Slot> last_;
    std::vector<Link> links_;  // by slot
};

}  // namespace ringkv
