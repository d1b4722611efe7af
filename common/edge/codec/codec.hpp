// The one codec: msgpack, for the wire and for stored records. docs/protocol.md shows the frames.
//
// A frame is a msgpack array header [magic, major, minor, cluster id, sender, start, to] followed by
// any number of messages, each an array [type, fields...]; nothing after the last. Of the same major version
// both sides may be of any release: fields that are missing at the end keep their defaults, those that are not
// known are passed over, and so are messages of unknown types (docs/protocol.md, "Formats that grow").
//
// Decoding trusts no byte: size, depth and counts are bounded together, and every failure is an Error
// (malformed, version_mismatch), never an exception. Thread safety: one thread a codec object.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/actor.hpp"
#include "common/protocol_version.hpp"

namespace ringkv {

namespace wire {
class Reader;
}

// A message that is well formed, but for a number that only a newer release has a name for: what it asks for cannot
// be told. It is not delivered; the others of its frame are.
struct Unreadable {
    std::string_view type;  // "Write", ...
    RequestId request;      // none: messages of that type have none
    std::string text;       // which number, and where
    Message refusal;        // the answer to it, if it came as a request
};

struct Envelope {
    Identity sender;
    NodeId to;
    std::uint32_t minor = 0;  // of the protocol version
    std::vector<Message> messages;
    std::vector<Unreadable> unreadable;
};

struct CodecLimits {
    std::size_t frame = std::size_t{16} << 20U;  // bytes of one frame
    std::size_t depth = 16;
    std::size_t items = std::size_t{4} << 20U;  // values in one frame, containers and their content
    // Entries keep the form in which they came, to be stored and sent on in it: a sixth more memory.
    bool encoded_entries = true;
};

// Builds one frame. Usable again after take().
class FrameWriter {
  public:
    FrameWriter(const Identity& sender, NodeId to) { begin(sender, to); }
    // What was not taken is dropped, and a frame with this header begins.
    void begin(const Identity& sender, NodeId to);
    void add(const Message& message);
    // Of what was added since take(), with the header.
    [[nodiscard]] std::size_t size() const { return buffer_.size(); }
    // The frame; the next one begins, with the same header.
    [[nodiscard]] std::string take();

  private:
    void begin_if_taken();

    std::string header_;
    std::string buffer_;          // empty: it was taken
    std::size_t usual_size_ = 0;  // of the frame before, which the next one is probably like
};

[[nodiscard]] std::string encode(const Identity& sender, NodeId to, const std::vector<Message>& messages);
// The messages keep nothing of the frame.
[[nodiscard]] Result<Envelope> decode(std::string_view frame, const CodecLimits& limits = {});

// What a frame asks for: Write, Get and Scan.
struct Requests {
    std::vector<RequestId> ids;
    bool others = false;  // there are other messages, too
};
// Of one message; none: it is none of those.
[[nodiscard]] std::optional<RequestId> request_of(const Message& message);

// Reads one frame in parts. Its bytes must stay as long as the messages, which have their keys and values there
// (common/byte_string.hpp); the limits count over all parts. Usable again.
class FrameReader {
  public:
    FrameReader();
    ~FrameReader();
    FrameReader(FrameReader&& other) noexcept;
    FrameReader& operator=(FrameReader&& other) noexcept;

    // A frame begins: its header is read into the envelope. Errors: as decode().
    [[nodiscard]] Result<void> begin(std::string_view frame, const CodecLimits& limits, Envelope& envelope);
    // The next `most` messages, or all that are left, take the place of those in the envelope. After an error: no more.
    [[nodiscard]] Result<void> read(std::size_t most, Envelope& envelope);
    // Reads all that is left and keeps nothing of it; read() goes on where it was. After success it cannot fail.
    [[nodiscard]] Result<void> check() const;
    // The requests of clients in what is left: for a fraction of what read() costs, which goes on where it was.
    [[nodiscard]] Result<Requests> requests() const;
    [[nodiscard]] bool finished() const;

  private:
    std::unique_ptr<wire::Reader> in_;
};

// Stored records: [[format, type], fields...]; the first format, [type, fields...], is read for ever. Fields that are
// missing or not known are as in messages; a format, a type or an enumerator that is not known is an error of code
// version_mismatch, which says that a newer release has written it.
[[nodiscard]] std::string encode_record(const StorageRecord& record);
// The same, put at the end of `onto`.
void append_encoded(const StorageRecord& record, std::string& onto);
[[nodiscard]] Result<StorageRecord> decode_record(std::string_view bytes, const CodecLimits& limits = {});

// For EntryBlocks: the form that an entry has in messages and in stored records. Thread-safe.
[[nodiscard]] EncodedEntry encode_entry(const Entry& entry);

// Values of the map, and events, for the registry's store, which keeps the number of their format. Errors as of
// records.
[[nodiscard]] std::string encode_value(const ClusterSettings& value);
[[nodiscard]] std::string encode_value(const NodeInfo& value);
[[nodiscard]] std::string encode_value(const PartitionState& value);
[[nodiscard]] std::string encode_value(const Event& value);
[[nodiscard]] Result<ClusterSettings> decode_settings(std::string_view bytes);
[[nodiscard]] Result<NodeInfo> decode_node(std::string_view bytes);
[[nodiscard]] Result<PartitionState> decode_partition(std::string_view bytes);
[[nodiscard]] Result<Event> decode_event(std::string_view bytes);

}  // namespace ringkv
