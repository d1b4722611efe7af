#include "node/stored_key.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringkv {
namespace {

// Around each size at which one more byte is needed for it.
const std::vector<std::size_t> sizes{0, 1, 62, 63, 64, 65, 126, 127, 128, 129, 8191, 8192, 16383, 16384, 1048576};

struct Extras {
    std::uint32_t flags = 0;
    std::uint64_t expires = 0;
};
const std::vector<Extras> all_extras{{}, {7, 0}, {0, 1ULL << 60U}, {0xFFFFFFFF, 5}};

void expect_held(const StoredKey& stored, std::string_view key, const StoredKey::Content& content) {
    EXPECT_TRUE(stored.key() == key) << key.size();
    const StoredKey::Content held = stored.content();
    EXPECT_TRUE(held.value == content.value) << content.value.size();
    EXPECT_EQ(held.version, content.version);
    EXPECT_EQ(held.flags, content.flags);
    EXPECT_EQ(held.expires, content.expires);
    EXPECT_EQ(stored.sizes().content, key.size() + content.value.size());
    EXPECT_GE(stored.sizes().block, stored.sizes().content + sizeof(OpNumber));
}

TEST(StoredKey, HoldsKeysAndValuesOfAllSizes) {
    for (const std::size_t key_size : sizes)
        for (const std::size_t value_size : sizes)
            for (const Extras& extras : all_extras) {
                const std::string key(key_size, 'k');
                const std::string value(value_size, 'v');
                const StoredKey::Content content{value, OpNumber(3), extras.flags, extras.expires};
                expect_held(*StoredKey::make(key, content), key, content);
            }
}

TEST(StoredKey, AValueIsWrittenOverAnotherOrNothingChanges) {
    std::size_t replaced = 0;
    for (const std::size_t key_size : {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{300}})
        for (const std::size_t old_size : sizes)
            for (const std::size_t new_size : sizes)
                for (const Extras& old_extras : all_extras)
                    for (const Extras& new_extras : all_extras) {
                        const std::string key(key_size, 'k');
                        const std::string old_value(old_size, 'o');
                        const std::string new_value(new_size, 'n');
                        const StoredKey::Content before{old_value, OpNumber(3), old_extras.flags, old_extras.expires};
                        const StoredKey::Content after{new_value, OpNumber(4), new_extras.flags, new_extras.expires};
                        const StoredKey::Owner stored = StoredKey::make(key, before);
                        const std::size_t block = stored->sizes().block;
                        const auto size = stored->overwrite(after);
                        expect_held(*stored, key, size ? after : before);
                        EXPECT_EQ(stored->sizes().block, block);
                        if (!size) continue;
                        EXPECT_EQ(*size, old_size);
                        ++replaced;
                    }
    EXPECT_GT(replaced, 4 * sizes.size());  // at least those of the same size
}

TEST(StoredKey, AValueOfTheSameSizeAlwaysFits) {
    for (const std::size_t size : sizes) {
        const std::string old_value(size, 'o');
        const std::string new_value(size, 'n');
        const StoredKey::Owner stored = StoredKey::make("key", {old_value, OpNumber(1)});
        EXPECT_TRUE(stored->overwrite({new_value, OpNumber(2)}));
    }
}

// What the memory of a key is judged by (docs/performance.md): 17 + 100 bytes are in a block of 128.
TEST(StoredKey, ASmallKeyWithASmallValueTakesElevenBytesMoreAtMost) {
    const std::string value(100, 'v');
    EXPECT_EQ(StoredKey::make("key-0000000000123", {value, OpNumber(1)})->sizes().block, 128U);
}

}  // namespace
}  // namespace ringkv
