// What a partition's log holds. Entries are effects, not commands, so that replaying one is
// harmless (protocol.md, P4): a conditional write has been decided before it becomes an entry.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "common/fields.hpp"
#include "common/ids.hpp"

namespace ringkv {

enum class EntryKind : std::uint8_t {
    set = 0,      // the key has this value from now on
    remove = 1,   // the key is absent from now on
    outcome = 2,  // nothing changed, and that is the answer: a condition failed, nothing to erase
    expire = 3,   // these clients' sessions are dropped
};

enum class WriteStatus : std::uint8_t {
    done = 0,
    condition_failed = 1,  // version: what the key has; 0 = absent
    not_found = 2,         // erase of an absent key
};

// Some clients' ids, kept elsewhere.
struct ClientIds {
    const ClientId* first = nullptr;
    std::size_t count = 0;

    ClientIds() = default;
    // `ids` must outlive it.
    ClientIds(const std::vector<ClientId>& ids) : first(ids.data()), count(ids.size()) {}
    ClientIds(const ClientId* from, std::size_t size) : first(from), count(size) {}

    [[nodiscard]] const ClientId* begin() const { return first; }
    [[nodiscard]] const ClientId* end() const { return first + count; }
    [[nodiscard]] std::size_t size() const { return count; }
    [[nodiscard]] bool empty() const { return count == 0; }
    friend bool operator==(const ClientIds& left, const ClientIds& right) {
        return std::equal(left.begin(), left.end(), right.begin(), right.end());
    }
};

// Key, value and clients are kept elsewhere: of a SharedEntry with itself, else by its maker.
struct Entry {
    OpNumber op;
    ViewId view;  // in which it was first appended; never changes
    EntryKind kind = EntryKind::outcome;
    std::string_view key;
    std::string_view value;
    // The client that wrote it, and the answer that a retry of it gets; none = no client.
    ClientId client;
    Sequence sequence;
    Sequence lowest;  // the client's lowest unanswered sequence when it sent this
    WriteStatus status = WriteStatus::done;
    OpNumber version;           // what the client is told: op for done, the key's for condition_failed
    ClientIds expired;          // EntryKind::expire only
    std::uint32_t flags = 0;    // room kept, always 0 today
    std::uint64_t expires = 0;  // room kept: an expiry time, always 0 today

    RINGKV_FIELDS(Entry, op, view, kind, key, value, client, sequence, lowest, status, version, expired, flags,
                  expires);
};

// The form in which an entry is sent and stored: common/edge/codec writes and reads it.
struct EncodedEntry {
    std::string_view bytes;
    // Where in them the entry's key and value begin, unless they are empty.
    std::size_t key = 0;
    std::size_t value = 0;
};
// The bytes stay until the thread's next call.
using EncodeEntry = EncodedEntry (*)(const Entry& entry);

// An entry that never changes any more; log, suffix and messages share it. Its encoded form, where it has one, is
// copied into each message and record that it is in.
class SharedEntry : public Entry {
  public:
    SharedEntry(const SharedEntry&) = delete;  // it would be without what stands behind it
    SharedEntry& operator=(const SharedEntry&) = delete;

    // Empty: there is none. Key and value are parts of it.
    [[nodiscard]] std::string_view encoded() const { return {content(), encoded_size_}; }
    // That it takes in memory, roughly.
    [[nodiscard]] std::size_t bytes() const;

  private:
    friend class EntryBlocks;
    SharedEntry(const Entry& entry, std::size_t encoded) : Entry(entry), encoded_size_(encoded) {}

    // Behind it in its block stand the clients, and behind them its encoded form, or key and value.
    [[nodiscard]] const char* content() const {
        return reinterpret_cast<const char*>(this + 1) + expired.size() * sizeof(ClientId);
    }

    std::size_t encoded_size_;
};
using EntryPtr = std::shared_ptr<const SharedEntry>;

// Makes shared entries: copies, with all that they speak of. Small ones stand one after the other in blocks that they
// share; as those of one time go at about one time, nothing is looked for, nor touched again, to free them. A block
// goes with the last entry that is in it, whether or not its EntryBlocks is still there. Thread safety: none; the
// entries may go in other threads.
class EntryBlocks {
  public:
    using Unit = std::uint64_t;  // what blocks are made of, for the alignment

    // `encode`: gives each its encoded form; null: they have none. `block`: bytes of one; an entry of more than an
    // eighth of that has one of its own.
    explicit EntryBlocks(EncodeEntry encode = nullptr, std::size_t block = std::size_t{16} << 10U)
        : encode_(encode), block_units_(block / sizeof(Unit)) {}

    [[nodiscard]] EntryPtr share(const Entry& entry);
    // Of one that is encoded already. Precondition: it is in that form.
    [[nodiscard]] EntryPtr share(const Entry& entry, const EncodedEntry& encoded);

  private:
    struct Place {
        std::shared_ptr<Unit[]> block;
        Unit* at;
    };
    [[nodiscard]] Place place_for(std::size_t count);

    const EncodeEntry encode_;
    const std::size_t block_units_;
    std::shared_ptr<Unit[]> block_;
    std::size_t used_ = 0;
};
// In a block of its own, not encoded.
[[nodiscard]] EntryPtr share(const Entry& entry);

// Entries on their way: most often one or two, which take no memory of their own.
class Entries : public absl::InlinedVector<EntryPtr, 2> {
  public:
    using InlinedVector::InlinedVector;
    Entries(const std::vector<EntryPtr>& entries) : InlinedVector(entries.begin(), entries.end()) {}
};

// One key as a state transfer carries it.
struct KeyRecord {
    std::string key;
    std::string value;
    OpNumber version;
    std::uint32_t flags = 0;
    std::uint64_t expires = 0;

    RINGKV_FIELDS(KeyRecord, key, value, version, flags, expires);
};

// The session table of a partition (protocol.md, C1 and C2).
struct SessionOutcome {
    Sequence sequence;
    WriteStatus status = WriteStatus::done;
    OpNumber version;

    RINGKV_FIELDS(SessionOutcome, sequence, status, version);
};

struct SessionRecord {
    ClientId client;
    Sequence lowest;                       // below it everything was answered, and the client knows
    OpNumber last_op;                      // the newest op of this client
    std::vector<SessionOutcome> outcomes;  // by sequence

    RINGKV_FIELDS(SessionRecord, client, lowest, last_op, outcomes);
};

struct SessionSnapshot {
    OpNumber applied;  // the op up to which it holds everything; later entries are applied to it
    OpNumber dropped;  // the highest op whose record was dropped: writes that know less are refused
    std::vector<SessionRecord> sessions;

    RINGKV_FIELDS(SessionSnapshot, applied, dropped, sessions);
};

// From which op on entries carry which view; ordered by op.
struct ViewStart {
    ViewId view;
    OpNumber first;

    RINGKV_FIELDS(ViewStart, view, first);
};

}  // namespace ringkv
