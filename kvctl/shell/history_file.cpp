#include "kvctl/shell/history_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace ringkv::kvctl {
namespace {

constexpr mode_t owner_only = S_IRUSR | S_IWUSR;

Error error_of(const std::filesystem::path& path) {
    return {ErrorCode::storage, path.string() + ": " + std::strerror(errno)};
}

Result<void> write_to(const std::filesystem::path& path, int flags, std::string_view text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, owner_only);
    if (file < 0) return error_of(path);
    Result<void> written;
    // One that was there may have had another mode.
    if (::fchmod(file, owner_only) != 0 || ::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        written = error_of(path);
    ::close(file);
    return written;
}

// Like those of other programs below ~/.local/state.
Result<void> make_directory(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::create_directories(path, error)) {
        if (error) return Error(ErrorCode::storage, path.string() + ": " + error.message());
        return {};
    }
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
    return {};
}

}  // namespace

HistoryFile::HistoryFile(const std::filesystem::path& state_directory)
    : path_(state_directory / "ringkv" / "kvctl_history") {}

bool HistoryFile::keeps(std::string_view line) {
    return !line.empty() && line.size() <= longest_line && line.front() != ' ' && line.front() != '\t' &&
           line.find('\n') == std::string_view::npos;
}

Result<std::vector<std::string>> HistoryFile::load() const {
    std::error_code none;
    if (!std::filesystem::exists(path_, none)) return std::vector<std::string>();
    std::ifstream file(path_, std::ios::binary);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        if (keeps(line)) lines.push_back(std::move(line));
    if (!file.eof()) return error_of(path_);
    if (lines.size() <= most_lines) return lines;
    const bool shortens = lines.size() > 2 * most_lines;
    lines.erase(lines.begin(), lines.end() - most_lines);
    if (shortens)
        if (auto replaced = replace(lines); !replaced) return replaced.error();
    return lines;
}

Result<void> HistoryFile::append(std::string_view line) const {
    if (auto made = make_directory(path_.parent_path()); !made) return made;
    return write_to(path_, O_APPEND, std::string(line) + "\n");
}

Result<void> HistoryFile::replace(const std::vector<std::string>& lines) const {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    const std::filesystem::path temporary = path_.string() + "." + std::to_string(::getpid());
    if (auto written = write_to(temporary, O_TRUNC, text); !written) return written;
    if (::rename(temporary.c_str(), path_.c_str()) != 0) return error_of(path_);
    return {};
}

}  // namespace ringkv::kvctl
