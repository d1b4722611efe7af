#include "node/edge/disk/disk_log.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>
#include <utility>

#include "common/check.hpp"
#include "node/edge/disk/log_reader.hpp"

namespace ringkv {
namespace {

constexpr std::string_view prefix = "segment-";
constexpr const char* head = "head";
constexpr const char* head_kind = "ringkv-log";

std::string name_of(std::uint64_t segment) {
    char name[40];
    const int size = std::snprintf(name, sizeof(name), "segment-%010llu", static_cast<unsigned long long>(segment));
    return {name, static_cast<std::size_t>(size)};
}

std::optional<std::uint64_t> segment_of(std::string_view name) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    std::uint64_t segment = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), segment);
    if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return segment;
}

Error in(const DiskFolder& folder, const Error& error) {
    return {error.code(), "the log in " + folder.path("") + ": " + error.message()};
}

}  // namespace

DiskLog::DiskLog(std::unique_ptr<DiskFolder> folder, const Uuid& log, const DiskLogOptions& options)
    : folder_(std::move(folder)), options_(options), log_(log) {}

Result<std::unique_ptr<DiskLog>> DiskLog::create(std::unique_ptr<DiskFolder> folder, const Uuid& log,
                                                 const DiskLogOptions& options) {
    std::unique_ptr<DiskLog> it(new DiskLog(std::move(folder), log, options));
    it->next_ = {log, 1, 0};
    if (auto begun = it->begin_segment(1, 0); !begun) return in(*it->folder_, begun.error());
    return it;
}

Result<std::unique_ptr<DiskLog>> DiskLog::open(std::unique_ptr<DiskFolder> folder, const DiskLogOptions& options) {
    std::unique_ptr<DiskLog> it(new DiskLog(std::move(folder), {}, options));
    if (auto done = remove_unfinished(*it->folder_); !done) return done.error();
    if (auto done = it->read_head(); !done) return in(*it->folder_, done.error());
    if (auto done = it->look_at_segments(); !done) return in(*it->folder_, done.error());
    return it;
}

// ---------------------------------------------------------------- the head

Result<void> DiskLog::read_head() {
    const auto facts = read_facts(*folder_, head, head_kind);
    if (!facts) return facts.error();
    if (!*facts) return Error(ErrorCode::storage, "it is missing, or its file `head` is");
    const auto log = uuid_of(**facts, "log");
    const auto newest = number_of(**facts, "newest");
    const auto frames = number_of(**facts, "frames");
    const auto start = number_of(**facts, "start");
    if (!log || !newest || !frames || !start) return Error(ErrorCode::storage, "its file `head` lacks a fact");
    if (*start + 1 < options_.start.value())
        return Error(ErrorCode::refused, "it is an older copy: it is of start " + std::to_string(*start) +
                                             " of the node, which has been started " +
                                             std::to_string(options_.start.value() - 1) + " times");
    if (*start > options_.start.value())
        return Error(ErrorCode::refused, "it is of start " + std::to_string(*start) +
                                             " of the node, whose identity file is an older copy, of start " +
                                             std::to_string(options_.start.value() - 1));
    log_ = *log;
    first_ = removed_ = number_of(**facts, "first").value_or(1);
    needed_ = first_;
    newest_ = *newest;
    noted_frames_ = *frames;
    return {};
}

Result<void> DiskLog::write_head() {
    return write_facts(*folder_, head, head_kind,
                       {{"log", log_.to_string()},
                        {"first", std::to_string(first_)},
                        {"newest", std::to_string(newest())},
                        {"frames", std::to_string(noted_frames_)},
                        {"start", std::to_string(options_.start.value())}});
}

// Each of those from the first to the newest must be there. Older ones were about to be removed. One
// that is newer was about to be begun: nothing is written to a segment before the head names it.
Result<void> DiskLog::look_at_segments() {
    const auto names = folder_->names();
    if (!names) return names.error();
    std::set<std::uint64_t> segments;
    for (const std::string& name : *names)
        if (const auto segment = segment_of(name)) segments.insert(*segment);
    for (const std::uint64_t segment : segments) {
        if (segment > newest() + 1)
            return Error(ErrorCode::refused,
                         "its file `head` is an older copy: it does not know of segment " + std::to_string(segment));
        if (segment == newest() + 1)
            if (auto done = remove_empty(segment); !done) return done;
        if (segment < first_)
            if (auto done = folder_->remove(name_of(segment)); !done) return done;
    }
    for (std::uint64_t segment = first_; segment <= newest(); ++segment)
        if (!segments.contains(segment))
            return Error(ErrorCode::storage, "segment " + std::to_string(segment) + " of " + std::to_string(first_) +
                                                 " to " + std::to_string(newest()) + " is missing");
    return {};
}

Result<void> DiskLog::remove_empty(std::uint64_t segment) {
    const auto file = folder_->open(name_of(segment));
    if (!file) return file.error();
    auto bytes = (*file)->read(0, SIZE_MAX);
    if (!bytes) return bytes.error();
    if (find_frame(*bytes, log_, 1))
        return Error(ErrorCode::refused,
                     "its file `head` is an older copy: it does not know of segment " + std::to_string(segment));
    return folder_->remove(name_of(segment));
}

// ---------------------------------------------------------------- replay

Result<void> DiskLog::check_header(const SegmentHeader& header) const {
    const LogOwner& owner = header.owner;
    const LogOwner& ours = options_.owner;
    const auto refused = [&](const std::string& what) {
        return Error(ErrorCode::refused, "segment " + std::to_string(header.segment) + " " + what);
    };
    if (owner.storage != ours.storage) return refused("is another node's");
    if (owner.shard != ours.shard || owner.shards != ours.shards)
        return refused("is of shard " + std::to_string(owner.shard) + " of " + std::to_string(owner.shards) +
                       ", and not of shard " + std::to_string(ours.shard) + " of " + std::to_string(ours.shards));
    if (!owner.cluster.none() && owner.cluster != ours.cluster) return refused("is of another cluster");
    if (header.log != log_) return refused("is of another log");
    const bool goes_on = header.first_frame == next_.number && header.chain == next_.chain;
    if (header.segment != first_ && !goes_on)
        return SegmentReader::damaged(header.segment - 1, end_,
                                      "its frames end with " + std::to_string(next_.number - 1) +
                                          ", and the next segment begins with " + std::to_string(header.first_frame));
    return {};
}

Result<void> DiskLog::replay_segment(std::uint64_t segment, const std::function<void(const StorageRecord&)>& each) {
    auto file = folder_->open(name_of(segment));
    if (!file) return file.error();
    auto bytes = (*file)->read(0, SIZE_MAX);
    if (!bytes) return bytes.error();
    file_bytes_ = bytes->size();
    auto reader = SegmentReader::open(std::move(*bytes), segment);
    if (!reader) return reader.error();
    if (auto right = check_header(reader->header()); !right) return right;
    auto read = reader->read([&](std::uint64_t offset, const Frame& frame) -> Result<void> {
        auto given = each_record(frame.payload, each);
        if (given) return {};
        if (given.error().code() == ErrorCode::version_mismatch) return given.error();
        return SegmentReader::damaged(segment, offset, given.error().message());
    });
    if (!read) return read;
    next_ = reader->next();
    end_ = written_ = reader->end();
    torn_ = reader->torn();
    file_ = std::move(*file);
    return {};
}

Result<void> DiskLog::replay(const std::function<void(const StorageRecord&)>& each) {
    if (file_) return {};  // just created
    for (std::uint64_t segment = first_; segment <= newest(); ++segment)
        if (auto done = replay_segment(segment, each); !done) return in(*folder_, done.error());
    if (next_.number <= noted_frames_)
        return in(*folder_, SegmentReader::damaged(newest(), end_,
                                                   "its frames end with " + std::to_string(next_.number - 1) +
                                                       ", and " + std::to_string(noted_frames_) + " were stored"));
    // What a process wrote and did not sync before it ended was read, and counts as stored from now on.
    if (auto done = file_->sync(); !done) return done;
    return write_head();
}

// ---------------------------------------------------------------- writing

// A file of that name has a whole header from the first moment on, and the head names it before it has a frame.
Result<void> DiskLog::begin_segment(std::uint64_t segment, std::uint64_t frames) {
    const std::string name = name_of(segment);
    const std::string beside = name + std::string(unfinished);
    const std::uint64_t bytes = std::max(options_.segment_bytes, SegmentHeader::size + frames);
    auto file = folder_->create(beside);
    if (!file) return file.error();
    const SegmentHeader header{log_, options_.owner, segment, next_.number, next_.chain, bytes};
    Result<void> done = (*file)->allocate(bytes);
    if (done) done = (*file)->write(0, encode(header));
    if (done) done = (*file)->sync();
    if (!done) {
        if (auto removed = folder_->remove(beside); !removed) return removed;  // what it took is free again
        return done;
    }
    if (done = folder_->rename(beside, name); !done) return done;
    if (done = folder_->sync(); !done) return done;
    const std::uint64_t before = newest_.exchange(segment);
    noted_frames_ = next_.number - 1;
    if (done = write_head(); !done) {
        newest_ = before;
        return done;
    }
    file_ = std::move(*file);
    file_bytes_ = bytes;
    end_ = written_ = SegmentHeader::size;
    return {};
}

// To write where nothing was written since it was allocated costs a file system a change of its own records with each
// sync, which then takes twice the time. So a part of what follows is written as zeros, which it reads as already.
// Where the file system has no room for that, the frame is written all the same.
Result<void> DiskLog::write_ahead(std::uint64_t from) {
    if (from <= written_) return {};
    written_ = std::min(from + options_.ahead_bytes, file_bytes_);
    auto written = file_->write(from, std::string(written_ - from, '\0'));
    if (!written && written.error().code() == ErrorCode::unavailable) return {};
    return written;
}

Result<void> DiskLog::store(const StorageBatch& batch) {
    for (const StorageRecord& record : batch) builder_.add(record);
    std::string_view frame = builder_.finish(next_);
    if (file_bytes_ - end_ < frame.size())
        if (auto begun = begin_segment(newest() + 1, frame.size()); !begun) return begun;
    if (auto written = file_->write(end_, frame); !written) return written;
    if (options_.sync) {
        if (auto written = write_ahead(end_ + frame.size()); !written) return written;
        if (auto synced = file_->sync(); !synced) return synced;
    }
    end_ += frame.size();
    next_ = {log_, next_.number + 1, builder_.checksum()};
    return {};
}

Result<void> DiskLog::drop_old() {
    const std::uint64_t needed = needed_.load(std::memory_order_relaxed);
    if (needed > first_) {
        const std::uint64_t before = std::exchange(first_, needed);
        if (auto done = write_head(); !done) {
            first_ = before;
            return done;
        }
    }
    for (; removed_ < first_; ++removed_)
        if (auto done = folder_->remove(name_of(removed_)); !done) return done;
    return {};
}

Result<void> DiskLog::note(Result<void> outcome) {
    if (!outcome && outcome.error().code() != ErrorCode::unavailable) failed_ = outcome.error();
    return outcome;
}

Result<void> DiskLog::commit(BatchNumber number, StorageBatch&& batch) {
    RINGKV_CHECK(file_ != nullptr && !batch.empty(), "a commit before replay, or of nothing");
    if (failed_) return *failed_;
    // Where the disk is too full to note that a part of the log may go, it is tried again with the next commit.
    if (auto done = drop_old(); !done && done.error().code() != ErrorCode::unavailable) return note(done);
    if (auto done = note(store(batch)); !done) return done;
    durable_ = number;
    return {};
}

Result<BatchNumber> DiskLog::durable() const {
    if (failed_) return *failed_;
    return durable_;
}

Result<void> DiskLog::close() {
    if (failed_) return *failed_;
    for (std::uint64_t segment = first_; segment < newest() && !options_.sync; ++segment) {
        const auto file = folder_->open(name_of(segment));
        if (!file) return note(file.error());
        if (auto done = note((*file)->sync()); !done) return done;
    }
    if (auto done = note(file_->sync()); !done) return done;
    noted_frames_ = next_.number - 1;
    return note(write_head());
}

}  // namespace ringkv
