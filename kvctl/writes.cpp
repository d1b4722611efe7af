#include "kvctl/writes.hpp"

#include <utility>

namespace ringkv::kvctl {

namespace {
constexpr std::uint64_t most_keys_under_way = 2048;
constexpr std::uint64_t most_bytes_under_way = std::uint64_t{32} << 20U;
}  // namespace

bool Writes::room_for(std::uint64_t bytes, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] {
        return keys_ == 0 || (keys_ < most_keys_under_way && bytes_ + bytes <= most_bytes_under_way);
    });
}

void Writes::put(Client& client, std::uint64_t line, const std::string& key, const std::string& value) {
    const std::uint64_t bytes = key.size() + value.size();
    {
        const std::lock_guard lock(mutex_);
        ++keys_;
        bytes_ += bytes;
    }
    client.async_put(key, value, [self = shared_from_this(), bytes, line, key](const Result<Version>& done) {
        if (done) return self->end(bytes, std::nullopt);
        self->end(bytes, FailedWrite{line, key, done.error()});
    });
}

bool Writes::all_done(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return keys_ == 0; });
}

void Writes::end(std::uint64_t bytes, std::optional<FailedWrite> failure) {
    const std::lock_guard lock(mutex_);
    --keys_;
    bytes_ -= bytes;
    if (failure) {
        failures_.push_back(std::move(*failure));
    } else {
        ++stored_;
        stored_bytes_ += bytes;
    }
    changed_.notify_one();
}

std::uint64_t Writes::stored() {
    const std::lock_guard lock(mutex_);
    return stored_;
}

std::uint64_t Writes::stored_bytes() {
    const std::lock_guard lock(mutex_);
    return stored_bytes_;
}

std::vector<FailedWrite> Writes::take_failures() {
    const std::lock_guard lock(mutex_);
    return std::exchange(failures_, {});
}

}  // namespace ringkv::kvctl
