#include "node/edge/disk/log_reader.hpp"

#include <algorithm>
#include <utility>

namespace ringkv {

Error SegmentReader::damaged(std::uint64_t segment, std::uint64_t offset, const std::string& what) {
    return {ErrorCode::storage,
            "segment " + std::to_string(segment) + ", offset " + std::to_string(offset) + ": " + what};
}

SegmentReader::SegmentReader(std::string bytes, const SegmentHeader& header)
    : bytes_(std::move(bytes)), header_(header), next_{header.log, header.first_frame, header.chain} {}

Result<SegmentReader> SegmentReader::open(std::string bytes, std::uint64_t segment) {
    const auto header = decode_segment_header(bytes);
    if (!header && header.error().code() == ErrorCode::version_mismatch) return header.error();
    if (!header) return damaged(segment, 0, header.error().message());
    if (header->segment != segment)
        return damaged(segment, 0, "it is segment " + std::to_string(header->segment) + " under another name");
    SegmentReader reader(std::move(bytes), *header);
    if (auto right = reader.check_size(); !right) return right.error();
    return reader;
}

Result<void> SegmentReader::check_size() const {
    if (bytes_.size() == header_.bytes) return {};
    return damaged(
        header_.segment, std::min<std::uint64_t>(bytes_.size(), header_.bytes),
        "the file has " + std::to_string(bytes_.size()) + " bytes, and had " + std::to_string(header_.bytes));
}

Result<void> SegmentReader::read(const Give& give) {
    const std::string_view bytes = bytes_;
    while (end_ < bytes.size()) {
        const auto frame = whole_frame(bytes.substr(end_), next_.log);
        if (!frame || frame->number != next_.number || frame->chain != next_.chain) break;
        if (auto given = give(end_, *frame); !given) return given;
        next_ = {next_.log, frame->number + 1, frame->checksum};
        end_ = std::min<std::uint64_t>(end_ + frame->size(), bytes.size());
    }
    const auto later = find_frame(bytes.substr(end_), next_.log, next_.number);
    if (!later) return {};
    return damaged(header_.segment, end_,
                   "frame " + std::to_string(next_.number) + " is damaged: a later one, at offset " +
                       std::to_string(end_ + *later) + ", is whole");
}

bool SegmentReader::torn() const {
    return std::any_of(bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.end(),
                       [](char byte) { return byte != 0; });
}

}  // namespace ringkv
