// A RocksDB engine in a folder of a test's own, which it may close, open again and do harm to.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "common/edge/system/clock.hpp"
#include "node/edge/rocksdb/rocksdb_engine.hpp"

namespace ringkv {

class EngineOnDisk {
  public:
    explicit EngineOnDisk(std::uint64_t memory = std::uint64_t{8} << 20U) {
        options.path = folder_ / "engine";
        options.storage = Uuid{{1}};
        options.log = Uuid{{2}};
        options.start = StartNumber(0);
        options.memory = memory;
    }
    ~EngineOnDisk() {
        close();
        std::filesystem::remove_all(folder_);
    }
    EngineOnDisk(const EngineOnDisk&) = delete;
    EngineOnDisk& operator=(const EngineOnDisk&) = delete;

    // Another start of the process.
    [[nodiscard]] Result<void> try_open() {
        close();
        options.start = options.start.next();
        auto opened = open_rocksdb_engine(options);
        if (!opened) return opened.error();
        engine_ = std::move(*opened);
        return {};
    }
    Engine& open() {
        const auto opened = try_open();
        EXPECT_TRUE(opened) << opened.error().message();
        return *engine_;
    }
    // As if it had been killed: what is not flushed is lost.
    void close() { engine_.reset(); }
    [[nodiscard]] Engine& operator*() { return *engine_; }
    [[nodiscard]] Engine* operator->() { return engine_.get(); }

    void flush() {
        const FlushNumber number = engine_->next_flush();
        engine_->flush();
        for (int waits = 0; engine_->flushed() < number; ++waits) {
            ASSERT_LT(waits, 2000) << "the flush does not end";
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            (void)engine_->reclaim(0);
        }
    }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] std::filesystem::path table() const {
        for (const auto& file : std::filesystem::directory_iterator(options.path))
            if (file.path().extension() == ".sst") return file.path();
        return {};
    }

    RocksdbOptions options;

  private:
    const std::filesystem::path folder_ =
        std::filesystem::path(testing::TempDir()) / ("ringkv-engine-" + random_uuid().to_string());
    std::unique_ptr<Engine> engine_;
};

}  // namespace ringkv
