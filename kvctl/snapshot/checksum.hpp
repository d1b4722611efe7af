// XXH3-64, as the files of a snapshot have it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// The library's state is declared, but its fields are not: a pointer does.
struct XXH3_state_s;

namespace ringkv::kvctl {

// Of all bytes that were added, in pieces of any size.
class Checksum {
  public:
    explicit Checksum(std::uint64_t seed = 0);
    ~Checksum();
    Checksum(const Checksum&) = delete;
    Checksum& operator=(const Checksum&) = delete;

    void add(std::string_view bytes);
    [[nodiscard]] std::uint64_t value() const;

  private:
    XXH3_state_s* state_;
};

// 16 hexadecimal digits.
std::string hexadecimal(std::uint64_t number);

}  // namespace ringkv::kvctl
