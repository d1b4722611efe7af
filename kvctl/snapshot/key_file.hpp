// A file of a snapshot: keys, values and versions in checksummed blocks (docs/snapshot-format.md).
//
// Thread safety: none.
#pragma once

#include <ringkv/client.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace ringkv::kvctl {

struct KeyFileSummary {
    std::string name;
    std::uint64_t bytes = 0;
    std::uint64_t keys = 0;
    std::string checksum;  // of all bytes: XXH3-64, 16 hexadecimal digits
    friend bool operator==(const KeyFileSummary&, const KeyFileSummary&) = default;
};

class KeyFileWriter {
  public:
    // Of a file that is not there yet. Errors, here and below: storage, with path and reason.
    static Result<std::unique_ptr<KeyFileWriter>> create(const std::filesystem::path& path);
    ~KeyFileWriter();
    KeyFileWriter(const KeyFileWriter&) = delete;
    KeyFileWriter& operator=(const KeyFileWriter&) = delete;

    [[nodiscard]] Result<void> add(const KeyValue& entry);
    // Written so far, with what waits for its block to be full.
    [[nodiscard]] std::uint64_t bytes() const;
    // Once: the end is written, and all of it is on the disk.
    [[nodiscard]] Result<KeyFileSummary> finish();

  private:
    struct State;
    explicit KeyFileWriter(std::unique_ptr<State> state);
    [[nodiscard]] Result<void> write_block();
    std::unique_ptr<State> state_;
};

class KeyFileReader {
  public:
    static Result<std::unique_ptr<KeyFileReader>> open(const std::filesystem::path& path);
    ~KeyFileReader();
    KeyFileReader(const KeyFileReader&) = delete;
    KeyFileReader& operator=(const KeyFileReader&) = delete;

    // The next one; none: that was the end, and nothing is missing. An error names the file and the place of the
    // block that is damaged. What was given before it is right.
    [[nodiscard]] Result<std::optional<KeyValue>> next();
    // Of what has been read. Of the whole file after its end.
    [[nodiscard]] KeyFileSummary summary() const;

  private:
    struct State;
    explicit KeyFileReader(std::unique_ptr<State> state);
    [[nodiscard]] Result<void> read_block();
    std::unique_ptr<State> state_;
};

}  // namespace ringkv::kvctl
