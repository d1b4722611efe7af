// What kvctl reads: standard input, files, and lines of them, without ever holding more than one line.
#pragma once

#include <ringkv/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ringkv::kvctl {

class Input {
  public:
    virtual ~Input() = default;

    // Waits until read() would not block, at most `patience`; false if it still would, or a signal came.
    virtual bool ready(std::chrono::milliseconds patience) = 0;
    // Up to `size` bytes; 0 at the end. Errors: storage, with the reason.
    virtual Result<std::size_t> read(char* bytes, std::size_t size) = 0;
    // How many bytes there are in all, if that is known before reading.
    [[nodiscard]] virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
};

// An open file descriptor, which stays the caller's.
class DescriptorInput : public Input {
  public:
    explicit DescriptorInput(int descriptor) : descriptor_(descriptor) {}

    bool ready(std::chrono::milliseconds patience) override;
    Result<std::size_t> read(char* bytes, std::size_t size) override;
    [[nodiscard]] std::optional<std::uint64_t> size() const override;

  private:
    int descriptor_;
};

// Errors: invalid_argument (usage), with the path and the reason.
Result<std::unique_ptr<Input>> open_file(const std::string& path);

// Everything, up to `most` bytes; more is invalid_argument.
Result<std::string> read_all(Input& input, std::size_t most);

class LineReader {
  public:
    enum class Got : unsigned char { line, too_long, nothing_yet, end };

    // Lines of more than `longest` bytes are skipped and told.
    explicit LineReader(Input& input, std::size_t longest) : input_(input), longest_(longest) {}

    // The next line, without its end, into `line`. A last line without an end counts. nothing_yet: nothing came
    // within `patience`; ask again. too_long: the line was skipped.
    Result<Got> next(std::string& line, std::chrono::milliseconds patience);
    // The number of the line that next() gave last, from 1.
    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

  private:
    void keep(std::string_view bytes);
    Got finish(std::string& line);

    Input& input_;
    std::size_t longest_;
    std::string block_;      // what was read last; empty before
    std::size_t at_ = 0;     // how much of it has been given out
    std::string partial_;    // the line so far
    bool skipping_ = false;  // the line is longer than allowed
    bool started_ = false;   // the line has bytes
    bool ended_ = false;
    std::uint64_t number_ = 0;
    std::uint64_t bytes_read_ = 0;
};

}  // namespace ringkv::kvctl
