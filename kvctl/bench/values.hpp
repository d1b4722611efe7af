// What kvctl bench writes, so that whatever it reads can be checked without knowing which write it was.
//
// A value begins with a checksum of the key and of all that follows (16 hexadecimal digits), then come letters that do
// not compress. A shorter one has the first digits of the key's own checksum. So a value of another key, one that was
// cut or mixed, and one that something else wrote are all seen, but for values of a few bytes only by chance.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringkv::kvctl {

// "bench:" and at least ten digits.
std::string bench_key(std::uint64_t number);

// Thread-safe.
class BenchValues {
  public:
    // `size`: bytes of a value.
    explicit BenchValues(std::size_t size);

    [[nodiscard]] std::size_t size() const { return size_; }
    // `nonce`: which of many values of that key. `out` is overwritten.
    void write(std::string_view key, std::uint64_t nonce, std::string& out) const;
    // Whether kvctl bench wrote it for that key, in this or an earlier run, with whatever size.
    [[nodiscard]] static bool is_right(std::string_view key, std::string_view value);

  private:
    std::size_t size_;
    std::string letters_;
};

}  // namespace ringkv::kvctl
