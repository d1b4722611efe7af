// Values of every type that travels or is stored, with every field set to something of its own; and
// comparison by content, for entries are shared pointers.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/messages.hpp"
#include "common/records.hpp"

namespace ringkv::samples {

class Filler {
  public:
    explicit Filler(std::uint64_t seed) : random_(seed) {}

    template <class T>
    T make() {
        T value{};
        fill(value);
        return value;
    }

  private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    // Small numbers and large ones, so that every width on the wire occurs. Never 0.
    std::uint64_t number() { return (random_() >> below(64)) | 1U; }

    void fill(bool& value) { value = true; }
    void fill(double& value) { value = 0.5 + static_cast<double>(below(1000)); }
    void fill(std::uint8_t& value) { value = static_cast<std::uint8_t>(number()) | 1U; }
    void fill(std::uint32_t& value) { value = static_cast<std::uint32_t>(number()) | 1U; }
    void fill(std::uint64_t& value) { value = number(); }
    void fill(Duration& value) { value = Duration(static_cast<std::int64_t>(number() >> 1U) - 5); }
    void fill(std::string& value) {
        value.resize(below(10) == 0 ? 300 : 1 + below(20));
        for (char& c : value) c = static_cast<char>(random_());  // any bytes at all
    }
    void fill(Uuid& value) {
        for (std::uint8_t& byte : value.bytes) fill(byte);
    }
    void fill(ClusterSettings& value) {
        fill_fields(value);
        value.partitions = 1U << below(17);
    }
    // What an entry speaks of is kept until the next one is filled.
    void fill(ByteString& value) { value = make<std::string>(); }
    void fill(std::string_view& value) { value = kept_.emplace_back(make<std::string>()); }
    void fill(ClientIds& value) { value = clients_ = make<std::vector<ClientId>>(); }
    void fill(EntryPtr& value) {
        value = share(make<Entry>());
        kept_.clear();
    }
    void fill(std::map<NodeId, NodeInfo>& nodes) {
        for (int i = 0; i < 3; ++i) {
            auto node = make<NodeInfo>();
            const NodeId id = node.id;
            nodes[id] = std::move(node);
        }
    }
    void fill(NodeState& value) { value = NodeState(1 + below(3)); }
    void fill(NodeDuty& value) { value = NodeDuty(1 + below(2)); }
    void fill(AdminAction& value) { value = AdminAction(1 + below(4)); }
    void fill(Durability& value) { value = Durability(1 + below(2)); }
    void fill(ReadMode& value) { value = ReadMode::confirmed; }
    void fill(EntryKind& value) { value = EntryKind(1 + below(3)); }
    void fill(WriteStatus& value) { value = WriteStatus(1 + below(2)); }
    void fill(TroubleKind& value) { value = TroubleKind::disk_stalled; }
    void fill(Ack& value) { value = Ack::primary; }
    void fill(RefusalReason& value) { value = RefusalReason(1 + below(6)); }
    void fill(ErrorCode& value) { value = ErrorCode(1 + below(12)); }
    template <class Tag, class Rep>
    void fill(StrongId<Tag, Rep>& value) {
        value = StrongId<Tag, Rep>(make<Rep>());
    }
    template <class T>
    void fill(std::optional<T>& value) {
        fill(value.emplace());
    }
    template <class T>
    void fill(std::vector<T>& values) {
        values.resize(1 + below(below(10) == 0 ? 30 : 3));
        for (T& value : values) fill(value);
    }
    void fill(Entries& entries) { entries = make<std::vector<EntryPtr>>(); }
    template <class T>
    requires requires(T& value) { value.tie(); }
    void fill(T& value) { fill_fields(value); }
    template <class T>
    void fill_fields(T& value) {
        std::apply([this](auto&... field) { (this->fill(field), ...); }, value.tie());
    }

    std::mt19937_64 random_;
    std::deque<std::string> kept_;
    std::vector<ClientId> clients_;
};

// The variant that a Message, or a StorageRecord, is.
template <class... All>
std::variant<All...> variant_of(const std::variant<All...>& variant);

// One of each alternative of a variant, all fields set.
template <class Variant>
std::vector<Variant> one_of_each(std::uint64_t seed) {
    Filler filler(seed);
    using Alternatives = decltype(variant_of(std::declval<Variant>()));
    std::vector<Variant> all;
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        (all.emplace_back(filler.make<std::variant_alternative_t<Index, Alternatives>>()), ...);
    }
    (std::make_index_sequence<std::variant_size_v<Alternatives>>{});
    return all;
}

// One of each with nothing set: absent, empty, zero.
template <class Variant>
std::vector<Variant> one_of_each_blank() {
    using Alternatives = decltype(variant_of(std::declval<Variant>()));
    std::vector<Variant> all;
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        (all.emplace_back(std::in_place_index<Index>), ...);
    }
    (std::make_index_sequence<std::variant_size_v<Alternatives>>{});
    return all;
}

// Before the others, which find them by name.
inline bool same(const EntryPtr& left, const EntryPtr& right) {
    return *left == *right;
}
inline bool same(const Entries& left, const Entries& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const EntryPtr& a, const EntryPtr& b) { return *a == *b; });
}

template <class T>
bool same(const T& left, const T& right);
template <class T>
bool same(const std::vector<T>& left, const std::vector<T>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const T& a, const T& b) { return same(a, b); });
}

template <class T>
bool same(const T& left, const T& right) {
    if constexpr (requires { left.tie(); }) {
        return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            return (same(std::get<Index>(left.tie()), std::get<Index>(right.tie())) && ...);
        }
        (std::make_index_sequence<std::tuple_size_v<decltype(left.tie())>>{});
    } else if constexpr (requires { variant_of(left); }) {
        return left.index() == right.index() && std::visit(
                                                    [&right]<class Content>(const Content& content) {
                                                        const auto* other = std::get_if<Content>(&right);
                                                        return other != nullptr && same(content, *other);
                                                    },
                                                    left);
    } else {
        return left == right;
    }
}

}  // namespace ringkv::samples
