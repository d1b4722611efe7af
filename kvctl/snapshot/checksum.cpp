#include "kvctl/snapshot/checksum.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <new>

namespace ringkv::kvctl {

Checksum::Checksum(std::uint64_t seed) : state_(XXH3_createState()) {
    if (state_ == nullptr) throw std::bad_alloc();
    XXH3_64bits_reset_withSeed(state_, seed);
}

Checksum::~Checksum() {
    XXH3_freeState(state_);
}

void Checksum::add(std::string_view bytes) {
    XXH3_64bits_update(state_, bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const {
    return XXH3_64bits_digest(state_);
}

std::string hexadecimal(std::uint64_t number) {
    return fmt::format("{:016x}", number);
}

}  // namespace ringkv::kvctl
