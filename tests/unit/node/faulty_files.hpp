// A disk in memory that fails on command, and forgets on a power loss what was not synced.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/edge/disk/files.hpp"

namespace ringkv::test {

// What is on it outlives the folders that are opened over it. Thread safety: none.
class FaultyDisk {
  public:
    struct Contents {
        std::string now;
        std::string synced;
    };
    using Names = std::map<std::string, std::shared_ptr<Contents>>;

    [[nodiscard]] std::unique_ptr<DiskFolder> folder() { return std::make_unique<Folder>(*this); }

    // What was not synced is gone: names, and bytes. `spared`: bytes of the newest write that were stored though.
    void lose_power(std::size_t spared = 0) {
        if (last_written_ && spared > 0) {
            std::string& kept = last_written_->synced;
            const std::size_t upto = std::min(write_begins_ + spared, write_ends_);
            kept.resize(std::max(kept.size(), last_written_->now.size()));
            std::copy(last_written_->now.begin() + static_cast<std::ptrdiff_t>(write_begins_),
                      last_written_->now.begin() + static_cast<std::ptrdiff_t>(upto),
                      kept.begin() + static_cast<std::ptrdiff_t>(write_begins_));
        }
        now_ = durable_;
        for (auto& [name, contents] : now_) contents->now = contents->synced;
        operations_left.reset();
        last_written_ = nullptr;
    }

    // All that is on it, durably; and the same put back.
    [[nodiscard]] std::map<std::string, std::string> copy() const {
        std::map<std::string, std::string> files;
        for (const auto& [name, contents] : now_) files[name] = contents->now;
        return files;
    }
    void restore(const std::map<std::string, std::string>& files) {
        now_.clear();
        for (const auto& [name, bytes] : files) now_[name] = std::make_shared<Contents>(Contents{bytes, bytes});
        durable_ = now_;
    }

    std::optional<std::uint64_t> room;  // bytes that all files may have together; none: any number
    bool syncs_fail = false;
    std::optional<std::uint64_t> operations_left;  // that change something; then every one fails
    int writes = 0;
    int syncs = 0;

  private:
    [[nodiscard]] Result<void> operate() {
        if (!operations_left) return {};
        if (*operations_left == 0) return Error(ErrorCode::storage, "the disk is gone");
        --*operations_left;
        return {};
    }
    [[nodiscard]] std::uint64_t used() const {
        std::uint64_t bytes = 0;
        for (const auto& [name, contents] : now_) bytes += contents->now.size();
        return bytes;
    }

    class File final : public DiskFile {
      public:
        File(FaultyDisk& disk, std::shared_ptr<Contents> contents) : disk_(disk), contents_(std::move(contents)) {}

        Result<void> allocate(std::uint64_t bytes) override {
            if (auto done = disk_.operate(); !done) return done;
            return grow(bytes);
        }
        Result<void> write(std::uint64_t offset, std::string_view bytes) override {
            if (auto done = disk_.operate(); !done) return done;
            ++disk_.writes;
            if (auto done = grow(offset + bytes.size()); !done) return done;
            std::copy(bytes.begin(), bytes.end(), contents_->now.begin() + static_cast<std::ptrdiff_t>(offset));
            disk_.last_written_ = contents_;
            disk_.write_begins_ = offset;
            disk_.write_ends_ = offset + bytes.size();
            return {};
        }
        Result<void> sync() override {
            if (auto done = disk_.operate(); !done) return done;
            ++disk_.syncs;
            if (disk_.syncs_fail) return Error(ErrorCode::storage, "the sync failed");
            contents_->synced = contents_->now;
            return {};
        }
        [[nodiscard]] Result<std::uint64_t> size() const override { return std::uint64_t{contents_->now.size()}; }
        [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::uint64_t most) const override {
            return offset < contents_->now.size() ? contents_->now.substr(offset, most) : std::string();
        }

      private:
        Result<void> grow(std::uint64_t bytes) {
            std::string& now = contents_->now;
            if (bytes <= now.size()) return {};
            if (disk_.room && disk_.used() + bytes - now.size() > *disk_.room)
                return Error(ErrorCode::unavailable, "the disk is full");
            now.resize(bytes);
            return {};
        }

        FaultyDisk& disk_;
        const std::shared_ptr<Contents> contents_;
    };

    class Folder final : public DiskFolder {
      public:
        explicit Folder(FaultyDisk& disk) : disk_(disk) {}

        [[nodiscard]] Result<std::vector<std::string>> names() const override {
            std::vector<std::string> names;
            for (const auto& [name, contents] : disk_.now_) names.push_back(name);
            return names;
        }
        Result<std::unique_ptr<DiskFile>> create(const std::string& name) override {
            if (auto done = disk_.operate(); !done) return done.error();
            disk_.now_[name] = std::make_shared<Contents>();
            return open(name);
        }
        Result<std::unique_ptr<DiskFile>> open(const std::string& name) override {
            const auto found = disk_.now_.find(name);
            if (found == disk_.now_.end()) return Error(ErrorCode::storage, name + " is not there");
            return std::unique_ptr<DiskFile>(std::make_unique<File>(disk_, found->second));
        }
        Result<void> rename(const std::string& from, const std::string& to) override {
            if (auto done = disk_.operate(); !done) return done;
            disk_.now_[to] = disk_.now_.at(from);
            disk_.now_.erase(from);
            return {};
        }
        Result<void> remove(const std::string& name) override {
            if (auto done = disk_.operate(); !done) return done;
            disk_.now_.erase(name);
            return {};
        }
        Result<void> sync() override {
            if (auto done = disk_.operate(); !done) return done;
            disk_.durable_ = disk_.now_;
            return {};
        }
        [[nodiscard]] std::string path(const std::string& name) const override { return "disk/" + name; }

      private:
        FaultyDisk& disk_;
    };

    Names now_;
    Names durable_;
    std::shared_ptr<Contents> last_written_;
    std::size_t write_begins_ = 0;
    std::size_t write_ends_ = 0;
};

}  // namespace ringkv::test
