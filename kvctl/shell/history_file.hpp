// The lines that were typed in earlier shells: a line each in a file that is its owner's alone (mode 0600).
//
// A line is appended as soon as it was typed, so that none is lost with the process, and shells that run at the
// same time keep what each of them was told.
#pragma once

#include <ringkv/result.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ringkv::kvctl {

class HistoryFile {
  public:
    static constexpr std::size_t most_lines = 1000;    // that load() gives; the file has at most about twice as many
    static constexpr std::size_t longest_line = 4096;  // in bytes; longer ones are not kept

    // In `state_directory`/ringkv, which is made when it is needed.
    explicit HistoryFile(const std::filesystem::path& state_directory);

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    // Of a line: it is one, does not begin with a blank, and is short enough.
    [[nodiscard]] static bool keeps(std::string_view line);

    // The newest lines, the oldest of them first; none if there is no file. Errors: storage.
    [[nodiscard]] Result<std::vector<std::string>> load() const;
    // Errors: storage. Precondition: keeps(line).
    [[nodiscard]] Result<void> append(std::string_view line) const;

  private:
    [[nodiscard]] Result<void> replace(const std::vector<std::string>& lines) const;

    std::filesystem::path path_;
};

}  // namespace ringkv::kvctl
