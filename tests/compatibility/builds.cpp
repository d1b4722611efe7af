#include "tests/compatibility/builds.hpp"

#include "common/edge/codec/codec.hpp"
#include "common/edge/codec/codec_fields.hpp"

namespace ringkv::compatibility {
namespace {

using wire::Packer;

template <class T>
concept Struct = requires(const T& value) {
    value.tie();
};

// How many fields there are up to the last that is not at its default.
template <Struct T>
std::uint32_t fields_in_use(const T& value) {
    static const T blank{};
    std::uint32_t in_use = 0;
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        ((std::get<Index>(value.tie()) == std::get<Index>(blank.tie()) ? void() : void(in_use = Index + 1)), ...);
    }
    (std::make_index_sequence<wire::field_count<T>>{});
    return in_use;
}

class Writer {
  public:
    Writer(Build build, std::string& buffer) : newer_(build == Build::newer), sink_{buffer}, out_(sink_) {}

    Packer& out() { return out_; }
    void flush() { sink_.flush(); }

    // An array of what `head` packs, if anything, and of the fields.
    template <Struct T, class Head>
    void put_struct(const T& value, std::uint32_t head_size, const Head& head) {
        const std::uint32_t count = newer_ ? wire::field_count<T> : fields_in_use(value);
        out_.array(head_size + count + (newer_ ? 1 : 0));
        head();
        std::uint32_t left = count;
        std::apply([&](const auto&... field) { ((left > 0 ? (--left, put(field)) : void()), ...); }, value.tie());
        if (newer_) put_unknown();
    }

    // What the next release may well have, and no older one knows.
    void put_unknown() {
        out_.array(3);
        out_.library().pack_map(1).pack(std::string("field")).pack(std::vector<int>{1, -2, 300000});
        out_.nil();
        out_.bytes("\xc1\xc1", 2);
    }

  private:
    template <Struct T>
    void put(const T& value) {
        put_struct(value, 0, [] {});
    }
    void put(const EntryPtr& value) { put(static_cast<const Entry&>(*value)); }
    void put(const Entries& entries) {
        out_.array(entries.size());
        for (const EntryPtr& entry : entries) put(entry);
    }
    template <class T>
    void put(const std::optional<T>& value) {
        value ? put(*value) : out_.nil();
    }
    template <class T>
    void put(const std::vector<T>& values) {
        out_.array(values.size());
        for (const T& value : values) put(value);
    }
    void put(const std::map<NodeId, NodeInfo>& nodes) {
        out_.array(nodes.size());
        for (const auto& [id, node] : nodes) put(node);
    }
    template <class T>
    requires(!Struct<T>) void put(const T& value) { wire::pack(out_, value); }

    bool newer_;
    wire::StringSink sink_;
    Packer out_;
};

void put_unknown_message(Writer& writer) {
    writer.out().array(2);
    writer.out().number(std::uint64_t{200});
    writer.put_unknown();
}

}  // namespace

std::string frame_of(Build build, std::string frame) {
    if (build == Build::same) return frame;
    const auto envelope = decode(frame);
    if (!envelope) return frame;
    std::string made = encode(envelope->sender, envelope->to, {});
    Writer writer(build, made);
    if (build == Build::newer) {
        RINGKV_CHECK(made[0] == '\x97', "the header has seven fields");
        made[0] = '\x98';
        writer.put_unknown();
        put_unknown_message(writer);
    }
    for (const Message& message : envelope->messages)
        std::visit(
            [&](const auto& content) {
                writer.put_struct(content, 1, [&] { writer.out().number(std::uint64_t{message.index()}); });
            },
            message);
    if (build == Build::newer) put_unknown_message(writer);
    writer.flush();
    return made;
}

std::string record_of(Build build, const StorageRecord& record) {
    if (build == Build::same) return encode_record(record);
    std::string made;
    Writer writer(build, made);
    std::visit(
        [&](const auto& content) {
            writer.put_struct(content, 1, [&] {
                writer.out().array(2);
                writer.out().number(std::uint64_t{2});
                writer.out().number(std::uint64_t{record.index()});
            });
        },
        record);
    writer.flush();
    return made;
}

}  // namespace ringkv::compatibility
