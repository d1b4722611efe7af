#include "kvctl/input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringkv::kvctl {
namespace {

class FileInput : public DescriptorInput {
  public:
    explicit FileInput(int descriptor) : DescriptorInput(descriptor), owned_(descriptor) {}
    ~FileInput() override { ::close(owned_); }
    FileInput(const FileInput&) = delete;
    FileInput& operator=(const FileInput&) = delete;

  private:
    int owned_;
};

constexpr std::size_t block_size = std::size_t{256} << 10U;

}  // namespace

bool DescriptorInput::ready(std::chrono::milliseconds patience) {
    pollfd waiting{descriptor_, POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
}

Result<std::size_t> DescriptorInput::read(char* bytes, std::size_t size) {
    for (;;) {
        const ssize_t count = ::read(descriptor_, bytes, size);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return Error(ErrorCode::storage, std::string("cannot read: ") + std::strerror(errno));
    }
}

std::optional<std::uint64_t> DescriptorInput::size() const {
    struct stat what {};
    if (::fstat(descriptor_, &what) != 0 || !S_ISREG(what.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(what.st_size);
}

Result<std::unique_ptr<Input>> open_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return Error(ErrorCode::invalid_argument, "cannot open " + path + ": " + std::strerror(errno));
    }
    return Result<std::unique_ptr<Input>>(std::make_unique<FileInput>(descriptor));
}

Result<std::string> read_all(Input& input, std::size_t most) {
    std::string all;
    std::string block(block_size, '\0');
    for (;;) {
        auto count = input.read(block.data(), block.size());
        if (!count) return count.error();
        if (*count == 0) return all;
        if (all.size() + *count > most) {
            return Error(ErrorCode::invalid_argument,
                         "more than " + std::to_string(most) + " bytes: no value is that large");
        }
        all.append(block, 0, *count);
    }
}

Result<LineReader::Got> LineReader::next(std::string& line, std::chrono::milliseconds patience) {
    for (;;) {
        const std::string_view rest = std::string_view(block_).substr(at_);
        const std::size_t end = rest.find('\n');
        if (end != std::string_view::npos) {
            keep(rest.substr(0, end));
            at_ += end + 1;
            return finish(line);
        }
        keep(rest);
        block_.clear();
        at_ = 0;
        if (ended_) return started_ ? finish(line) : Got::end;
        if (!input_.ready(patience)) return Got::nothing_yet;

        block_.resize(block_size);
        auto count = input_.read(block_.data(), block_.size());
        block_.resize(count ? *count : 0);
        if (!count) return count.error();
        bytes_read_ += *count;
        ended_ = *count == 0;
    }
}

void LineReader::keep(std::string_view bytes) {
    started_ = started_ || !bytes.empty();
    if (skipping_) return;
    if (partial_.size() + bytes.size() > longest_) {
        skipping_ = true;
        partial_ = std::string();  // gives the memory back
        return;
    }
    partial_.append(bytes);
}

LineReader::Got LineReader::finish(std::string& line) {
    ++number_;
    started_ = false;
    line.swap(partial_);
    partial_.clear();
    return std::exchange(skipping_, false) ? Got::too_long : Got::line;
}

}  // namespace ringkv::kvctl
