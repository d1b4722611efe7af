#include "kvctl/snapshot/key_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kvctl/snapshot/checksum.hpp"

namespace ringkv::kvctl {

namespace {

constexpr std::string_view magic = "RKVSNAP1";
constexpr std::size_t full_block = std::size_t{1} << 20U;     // one is written when it has so many bytes
constexpr std::size_t largest_block = std::size_t{1} << 30U;  // more than a block can have: of damaged bytes
constexpr std::size_t block_header = 16;
constexpr std::size_t record_header = 16;

void append_number(std::string& bytes, std::uint64_t number, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
}

std::uint64_t number_at(std::string_view bytes, std::size_t place, std::size_t size) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; ++i)
        number |= std::uint64_t{static_cast<unsigned char>(bytes[place + i])} << (8 * i);
    return number;
}

// Of a block's sizes and records. Its number is in it, so that none can be missing, or in another's place.
std::uint64_t checksum_of(std::uint64_t number, std::string_view sizes, std::string_view records) {
    Checksum checksum(number);
    checksum.add(sizes);
    checksum.add(records);
    return checksum.value();
}

Error failed(const std::filesystem::path& path, std::string_view what) {
    return {ErrorCode::storage, fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno))};
}

// An open file; closed with the object.
class File {
  public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File() { ::close(descriptor_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

}  // namespace

// ---------------------------------------------------------------- writing

struct KeyFileWriter::State {
    State(std::filesystem::path where, int descriptor) : path(std::move(where)), file(descriptor) {}

    [[nodiscard]] Result<void> write(std::string_view bytes) {
        checksum.add(bytes);
        written += bytes.size();
        while (!bytes.empty()) {
            const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed(path, "cannot be written");
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }

    std::filesystem::path path;
    File file;
    Checksum checksum{};
    std::uint64_t written = 0;
    std::uint64_t keys = 0;
    std::uint64_t blocks = 0;
    std::string block{};  // records that wait
    std::uint32_t records = 0;
};

KeyFileWriter::KeyFileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyFileWriter::~KeyFileWriter() = default;

Result<std::unique_ptr<KeyFileWriter>> KeyFileWriter::create(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return failed(path, "cannot be created");
    std::unique_ptr<KeyFileWriter> writer(new KeyFileWriter(std::make_unique<State>(path, descriptor)));
    if (auto written = writer->state_->write(magic); !written) return written.error();
    return writer;
}

Result<void> KeyFileWriter::add(const KeyValue& entry) {
    append_number(state_->block, entry.key.size(), 4);
    append_number(state_->block, entry.value.size(), 4);
    append_number(state_->block, entry.version, 8);
    state_->block += entry.key;
    state_->block += entry.value;
    ++state_->records;
    ++state_->keys;
    return state_->block.size() < full_block ? Result<void>() : write_block();
}

std::uint64_t KeyFileWriter::bytes() const {
    return state_->written + state_->block.size();
}

Result<void> KeyFileWriter::write_block() {
    std::string header;
    append_number(header, state_->block.size(), 4);
    append_number(header, state_->records, 4);
    append_number(header, checksum_of(state_->blocks, header, state_->block), 8);
    if (auto written = state_->write(header); !written) return written;
    if (auto written = state_->write(state_->block); !written) return written;
    ++state_->blocks;
    state_->block.clear();
    state_->records = 0;
    return {};
}

Result<KeyFileSummary> KeyFileWriter::finish() {
    if (state_->records != 0)
        if (auto written = write_block(); !written) return written.error();
    // A block of nothing is the end.
    if (auto written = write_block(); !written) return written.error();
    if (::fsync(state_->file.get()) != 0) return failed(state_->path, "cannot be stored");
    return KeyFileSummary{state_->path.filename().string(), state_->written, state_->keys,
                          hexadecimal(state_->checksum.value())};
}

// ---------------------------------------------------------------- reading

struct KeyFileReader::State {
    State(std::filesystem::path where, int descriptor) : path(std::move(where)), file(descriptor) {}

    // So many bytes, or fewer at the end of the file.
    [[nodiscard]] Result<std::string> read(std::size_t size) {
        std::string bytes;
        std::array<char, std::size_t{64} << 10U> part{};
        while (bytes.size() < size) {
            const ssize_t count = ::read(file.get(), part.data(), std::min(part.size(), size - bytes.size()));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed(path, "cannot be read");
            if (count == 0) break;
            bytes.append(part.data(), static_cast<std::size_t>(count));
        }
        checksum.add(bytes);
        read_bytes += bytes.size();
        return bytes;
    }
    [[nodiscard]] Error damaged(std::string_view what) const {
        return {ErrorCode::storage, fmt::format("{}: the block at byte {} {}", path.string(), block_at, what)};
    }

    std::filesystem::path path;
    File file;
    Checksum checksum{};
    std::uint64_t read_bytes = 0;
    std::uint64_t keys = 0;
    std::uint64_t blocks = 0;
    std::uint64_t block_at = 0;  // where it begins
    std::string block{};
    std::size_t place = 0;      // of the next record
    std::uint64_t records = 0;  // left in it
    bool ended = false;
};

KeyFileReader::KeyFileReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyFileReader::~KeyFileReader() = default;

Result<std::unique_ptr<KeyFileReader>> KeyFileReader::open(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return failed(path, "cannot be opened");
    std::unique_ptr<KeyFileReader> reader(new KeyFileReader(std::make_unique<State>(path, descriptor)));
    const auto begin = reader->state_->read(magic.size());
    if (!begin) return begin.error();
    if (*begin != magic)
        return Error(ErrorCode::storage, fmt::format("{}: does not begin as a file of a snapshot does", path.string()));
    return reader;
}

Result<void> KeyFileReader::read_block() {
    state_->block_at = state_->read_bytes;
    const auto header = state_->read(block_header);
    if (!header) return header.error();
    if (header->size() < block_header) return state_->damaged("is cut off, or missing");
    const std::uint64_t bytes = number_at(*header, 0, 4);
    const std::uint64_t records = number_at(*header, 4, 4);
    if (bytes > largest_block) return state_->damaged("is damaged");
    auto block = state_->read(bytes);
    if (!block) return block.error();
    if (block->size() < bytes) return state_->damaged("is cut off");
    if (checksum_of(state_->blocks, std::string_view(*header).substr(0, 8), *block) != number_at(*header, 8, 8))
        return state_->damaged("is damaged: it has another checksum");
    ++state_->blocks;
    state_->block = std::move(*block);
    state_->place = 0;
    state_->records = records;
    if (bytes != 0 || records != 0) return {};
    state_->ended = true;
    const auto rest = state_->read(1);
    if (!rest) return rest.error();
    if (!rest->empty()) return state_->damaged("is the last, but more follows");
    return {};
}

Result<std::optional<KeyValue>> KeyFileReader::next() {
    if (state_->ended) return std::optional<KeyValue>();
    if (state_->records == 0) {
        if (state_->place != state_->block.size()) return state_->damaged("has more bytes than its records");
        if (auto read = read_block(); !read) return read.error();
        if (state_->ended) return std::optional<KeyValue>();
    }
    const std::string_view rest = std::string_view(state_->block).substr(state_->place);
    if (rest.size() < record_header) return state_->damaged("has fewer bytes than its records");
    const std::uint64_t key = number_at(rest, 0, 4);
    const std::uint64_t value = number_at(rest, 4, 4);
    if (rest.size() - record_header < key + value) return state_->damaged("has fewer bytes than its records");
    KeyValue entry{std::string(rest.substr(record_header, key)), std::string(rest.substr(record_header + key, value)),
                   number_at(rest, 8, 8)};
    state_->place += record_header + key + value;
    --state_->records;
    ++state_->keys;
    return std::optional<KeyValue>(std::move(entry));
}

KeyFileSummary KeyFileReader::summary() const {
    return {state_->path.filename().string(), state_->read_bytes, state_->keys, hexadecimal(state_->checksum.value())};
}

}  // namespace ringkv::kvctl
