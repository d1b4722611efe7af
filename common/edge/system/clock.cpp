#include "common/edge/system/clock.hpp"

#include <sys/random.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ctime>

#include "common/check.hpp"

namespace ringkv {
namespace {

void fill_randomly(void* into, std::size_t size) {
    auto* at = static_cast<std::uint8_t*>(into);
    while (size > 0) {
        const ssize_t got = ::getrandom(at, size, 0);
        if (got < 0 && errno == EINTR) continue;
        RINGKV_CHECK(got > 0, "the operating system gives no random bytes");
        at += got;
        size -= static_cast<std::size_t>(got);
    }
}

}  // namespace

Time boot_time() {
    timespec now{};
    RINGKV_CHECK(::clock_gettime(CLOCK_BOOTTIME, &now) == 0, "this system has no boot-time clock");
    return Time(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

Duration wall_offset() {
    return std::chrono::system_clock::now().time_since_epoch() - boot_time().time_since_epoch();
}

std::uint64_t random_u64() {
    std::uint64_t value = 0;
    fill_randomly(&value, sizeof value);
    return value;
}

Uuid random_uuid() {
    Uuid id;
    fill_randomly(id.bytes.data(), id.bytes.size());
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x40U);  // version 4 of RFC 4122: random;
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);  // so it is never the one that means none
    return id;
}

}  // namespace ringkv
