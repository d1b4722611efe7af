// A RocksDB engine in a folder of a test's own, which it may close, open again and do harm to.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "common/edge/system/clock.hpp"
#include "node/edge/rocksdb/rocksdb_engine.hpp"

namespace ringkv {

class EngineOnDisk {
  public:
    explicit EngineOnDisk(std::uint64_t memory = std::uint64_t{8} << 20U, std::filesystem::path folder = a_new_folder())
        : folder_(std::move(folder)) {
        options.path = folder_ / "engine";
        options.storage = Uuid{{1}};
        options.log = Uuid{{2}};
        options.start = StartNumber(0);
        options.memory = memory;
    }
    ~EngineOnDisk() {
        close();
        std::error_code ignored;  // it may be a file system of its own
        std::filesystem::remove_all(folder_, ignored);
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
    static std::filesystem::path a_new_folder() {
        return std::filesystem::path(testing::TempDir()) / ("ringkv-engine-" + random_uuid().to_string());
    }

    const std::filesystem::path folder_;
    std::unique_ptr<Engine> engine_;
};

}  // namespace ringkv
