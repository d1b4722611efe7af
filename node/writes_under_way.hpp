// The writes that are in the log and not committed yet, by client: a retry of one waits for it (C1, P4). Of one client
// there are seldom more than a few. Thread safety: none.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "common/ids.hpp"

namespace ringkv {

class WritesUnderWay {
    using Writes = absl::InlinedVector<std::pair<Sequence, OpNumber>, 2>;  // by sequence

    template <class List>
    static auto from(List& writes, Sequence sequence) {
        return std::lower_bound(writes.begin(), writes.end(), sequence,
                                [](const auto& write, Sequence wanted) { return write.first < wanted; });
    }

  public:
    // Precondition: it is not there.
    void add(ClientId client, Sequence sequence, OpNumber op) {
        Writes& writes = by_client_[client];
        writes.insert(from(writes, sequence), {sequence, op});
        ++size_;
    }
    [[nodiscard]] std::optional<OpNumber> find(ClientId client, Sequence sequence) const {
        const auto found = by_client_.find(client);
        if (found == by_client_.end()) return std::nullopt;
        const auto write = from(found->second, sequence);
        if (write == found->second.end() || write->first != sequence) return std::nullopt;
        return write->second;
    }
    // If it is there.
    void erase(ClientId client, Sequence sequence) {
        const auto found = by_client_.find(client);
        if (found == by_client_.end()) return;
        Writes& writes = found->second;
        const auto write = from(writes, sequence);
        if (write == writes.end() || write->first != sequence) return;
        writes.erase(write);
        if (writes.empty()) by_client_.erase(found);
        --size_;
    }
    [[nodiscard]] std::size_t of(ClientId client) const {
        const auto found = by_client_.find(client);
        return found == by_client_.end() ? 0 : found->second.size();
    }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    absl::flat_hash_map<ClientId, Writes> by_client_;
    std::size_t size_ = 0;
};

}  // namespace ringkv
