// Three shards that talk to each other, and beside each of their messages others that differ from it in a field or two:
// whatever comes, no invariant of a shard breaks. (What is said may be a lie that could be true, so what the shards
// agree on is not looked at.) RINGKV_FUZZ_CLUSTERS=100000 for a longer search.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "common/message_groups.hpp"
#include "tests/unit/node/shard_fixture.hpp"

namespace ringkv {
namespace {

using std::chrono::milliseconds;

// Changes a field, somewhere, now and then.
class Mutator {
  public:
    explicit Mutator(std::mt19937_64& random) : random_(random) {}

    template <class M>
    M changed(M message) {
        rarity_ = 2 + below(12);
        mutate(message);
        return message;
    }

  private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    bool now() { return below(rarity_) == 0; }

    template <class Number>
    void number(Number& value) {
        if (!now()) return;
        switch (below(7)) {
            case 0: value = 0; break;
            case 1: value = Number(value + 1); break;
            case 2: value = Number(value - 1); break;
            case 3: value = ~Number{0}; break;
            case 4: value = Number(~Number{0} >> 1U); break;
            case 5: value = Number(below(6)); break;
            default: value = Number(random_()); break;
        }
    }
    void mutate(bool& value) { value ^= now(); }
    void mutate(std::uint32_t& value) { number(value); }
    void mutate(std::uint64_t& value) { number(value); }
    void mutate(std::string& value) {
        if (!now()) return;
        if (below(2) == 0)
            value.clear();
        else
            value += 'x';
    }
    void mutate(ByteString& value) {
        std::string own(value.view());
        mutate(own);
        value = own;
    }
    void mutate(EntryKind& value) {
        if (now()) value = EntryKind(below(4));
    }
    void mutate(WriteStatus& value) {
        if (now()) value = WriteStatus(below(3));
    }
    void mutate(Duration& value) {
        auto count = static_cast<std::uint64_t>(value.count());
        number(count);
        value = Duration(static_cast<Duration::rep>(count));
    }
    template <class T>
    requires std::is_enum_v<T> || std::is_same_v<T, double> || std::is_same_v<T, Uuid>
    void mutate(T&) {}
    template <class Tag, class Rep>
    void mutate(StrongId<Tag, Rep>& id) {
        Rep value = id.value();
        number(value);
        id = StrongId<Tag, Rep>(value);
    }
    // What an entry speaks of is changed where it is kept.
    void mutate(std::string_view&) {}
    void mutate(ClientIds&) {}
    void mutate(EntryPtr& entry) {
        Entry copy = *entry;
        std::string key(copy.key), value(copy.value);
        std::vector<ClientId> expired(copy.expired.begin(), copy.expired.end());
        mutate(copy);
        mutate(key);
        mutate(value);
        mutate(expired);
        copy.key = key;
        copy.value = value;
        copy.expired = expired;
        entry = share(copy);
    }
    template <class T>
    void mutate(std::optional<T>& value) {
        if (value && now())
            value.reset();
        else if (value)
            mutate(*value);
        else if (now())
            mutate(value.emplace());
    }
    template <class T>
    void mutate(std::vector<T>& values) {
        mutate_list(values);
    }
    void mutate(Entries& values) { mutate_list(values); }
    template <class List, class T = typename List::value_type>
    void mutate_list(List& values) {
        for (T& value : values) mutate(value);
        if (!now()) return;
        if (values.empty()) {
            if constexpr (!std::is_same_v<T, EntryPtr>) mutate(values.emplace_back());
            return;
        }
        const std::size_t at = below(values.size());
        switch (below(3)) {
            case 0: values.erase(values.begin() + static_cast<std::ptrdiff_t>(at)); break;
            case 1: values.push_back(T(values[at])); break;
            default: std::swap(values[at], values[below(values.size())]); break;
        }
    }
    template <class T>
    requires requires(T& value) { value.tie(); }
    void mutate(T& value) {
        std::apply([this](auto&... field) { (this->mutate(field), ...); }, value.tie());
    }

    std::mt19937_64& random_;
    std::uint64_t rarity_ = 8;
};

class MisleadingCluster {
  public:
    explicit MisleadingCluster(std::uint64_t seed) : random_(seed), mutator_(random_) {
        limits_.sessions = SessionTable::bytes_a_session * 4;
        for (std::uint32_t n = 1; n <= 3; ++n)
            nodes_[n - 1].emplace(NodeId(n), engines_[n - 1], every_member_, in_order_, limits_);
        publish();
    }

    void step() {
        if (below(40) == 0) publish();
        if (below(4) == 0) put();
        for (std::uint32_t n = 1; n <= 3; ++n) {
            ShardByHand& node = at(n);
            node.pass(milliseconds(5 + below(20)), milliseconds(5));
            for (Outgoing& outgoing : node.take_all()) deliver(n, outgoing);
        }
    }

  private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    ShardByHand& at(std::uint32_t node) { return *nodes_[node - 1]; }

    // The next view, above all that any node believes to know.
    void publish() {
        std::uint64_t highest = view_;
        for (auto& node : nodes_) {
            const Replica* replica = node->shard().replica(PartitionId(0));
            if (replica != nullptr) highest = std::max(highest, replica->view().id.number.value());
        }
        if (highest > std::uint64_t{1} << 61U) return;
        view_ = highest + 1;
        std::vector<std::uint32_t> members = {1, 2, 3};
        if (below(2) == 0) members.erase(members.begin() + static_cast<std::ptrdiff_t>(below(3)));
        const View view = ShardByHand::view(view_, members[below(members.size())], members);
        ++epoch_;
        for (std::uint32_t n = 1; n <= 3; ++n) {
            if (below(8) == 0) {
                to(n, {},
                   mutator_.changed(MapDelta{Generation(1),
                                             Epoch(epoch_),
                                             {},
                                             {},
                                             {},
                                             {{PartitionId(0), ShardByHand::map(view).partitions.front()}}}));
            }
            at(n).from_registry(MapSnapshot{ShardByHand::map(view, epoch_)});
        }
    }

    void put() {
        Write write = ShardByHand::put(1 + below(20), "k" + std::to_string(below(5)), "v");
        write.client = ClientId(1 + below(8));
        if (below(4) == 0) write = mutator_.changed(write);
        write.ack = Ack::all;
        at(1 + static_cast<std::uint32_t>(below(3))).from_client(write);
    }

    void to(std::uint32_t node, std::uint32_t from, Message message) {
        ShardByHand& receiver = at(node);
        if (from == 0)
            receiver.from_registry(std::move(message));
        else
            receiver.from_node(from, std::move(message));
        receiver.shard().check_invariants();
    }

    void deliver(std::uint32_t from, Outgoing& outgoing) {
        std::visit(
            [&]<class M>(M& message) {
                if constexpr (PeerMessage<M>) {
                    // An answer to a beacon goes back by its connection: 100 and the node.
                    const std::uint32_t node = outgoing.address.kind == Address::Kind::connection
                                                   ? static_cast<std::uint32_t>(outgoing.address.connection - 100)
                                                   : outgoing.to.value();
                    if (node < 1 || node > 3) return;
                    while (below(3) == 0) {
                        const auto sender = below(6) == 0 ? 1 + static_cast<std::uint32_t>(below(4)) : from;
                        to(node, sender, mutator_.changed(message));
                    }
                    if (below(10) != 0) to(node, from, message);
                    if (below(10) == 0) to(node, from, message);
                }
            },
            outgoing.message);
    }

    std::mt19937_64 random_;
    Mutator mutator_;
    Limits limits_;
    EveryMember every_member_;
    PreferenceOrder in_order_;
    std::array<MemoryEngine, 3> engines_;
    std::array<std::optional<ShardByHand>, 3> nodes_;
    std::uint64_t view_ = 0;
    std::uint64_t epoch_ = 0;
};

TEST(PeerFuzz, NoMessageBreaksAnInvariant) {
    const char* wanted = std::getenv("RINGKV_FUZZ_CLUSTERS");
    const std::uint64_t clusters = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 60;
    for (std::uint64_t seed = 1; seed <= clusters; ++seed) {
        SCOPED_TRACE(seed);
        MisleadingCluster cluster(seed);
        for (int i = 0; i < 150; ++i) cluster.step();
    }
}

}  // namespace
}  // namespace ringkv
