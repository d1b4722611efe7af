// What kvctl bench asks for: the operations of a workload, one after the other.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>

#include "kvctl/bench/key_chooser.hpp"

namespace ringkv::kvctl {

enum class OperationKind : unsigned char { get, put, insert, scan, read_modify_write };
constexpr std::size_t operation_kinds = 5;
std::string_view name_of(OperationKind kind);

struct Operation {
    OperationKind kind = OperationKind::get;
    std::uint64_t key = 0;    // scan: the first of the hundred keys that are scanned
    std::uint64_t limit = 0;  // scan: so many keys at most
};

// Where a pump gets its operations from. Thread-safe.
class Source {
  public:
    virtual ~Source() = default;
    // What is sent next; nullopt: nothing more.
    virtual std::optional<Operation> next(Random& random) = 0;
    // An insert that next() gave has ended. `applied`: certainly.
    virtual void inserted(std::uint64_t key, bool applied) = 0;
    // Whether a get may find nothing, for its insert failed.
    [[nodiscard]] virtual bool may_be_absent(std::uint64_t key) const = 0;
    // So many of the `count` keys from `first` on are certainly there: the first ones.
    [[nodiscard]] virtual std::uint64_t present(std::uint64_t first, std::uint64_t count) const = 0;
};

// Puts each of the keys 0 .. keys - 1 once.
class Fill : public Source {
  public:
    explicit Fill(std::uint64_t keys) : keys_(keys) {}

    std::optional<Operation> next(Random& random) override;
    void inserted(std::uint64_t /*key*/, bool /*applied*/) override {}
    [[nodiscard]] bool may_be_absent(std::uint64_t /*key*/) const override { return false; }
    [[nodiscard]] std::uint64_t present(std::uint64_t /*first*/, std::uint64_t /*count*/) const override { return 0; }

  private:
    std::uint64_t keys_;
    std::atomic<std::uint64_t> next_{0};
};

// get, put and mixed, and the core workloads of YCSB: operations by share, keys by distribution.
struct Mix {
    std::string_view name;
    std::array<double, operation_kinds> shares;  // together 1
    Distribution distribution;

    [[nodiscard]] double share(OperationKind kind) const { return shares.at(static_cast<std::size_t>(kind)); }
    // Whether it reads keys, which so must be written before.
    [[nodiscard]] bool reads() const { return share(OperationKind::put) < 1; }
};

std::optional<Mix> mix_named(std::string_view name);

class Workload : public Source {
  public:
    // The keys 0 .. keys - 1 are there, if the mix reads; `keys` is 1 or more. Inserts add those from `keys` on.
    Workload(const Mix& mix, std::uint64_t keys) : mix_(mix), keys_(keys), chooser_(mix.distribution, keys) {}

    std::optional<Operation> next(Random& random) override;
    void inserted(std::uint64_t key, bool applied) override;
    [[nodiscard]] bool may_be_absent(std::uint64_t key) const override;
    [[nodiscard]] std::uint64_t present(std::uint64_t first, std::uint64_t count) const override;

  private:
    [[nodiscard]] OperationKind choose_kind(double fraction) const;

    const Mix mix_;
    const std::uint64_t keys_;
    const KeyChooser chooser_;
    std::atomic<std::uint64_t> begun_{0};  // inserts
    std::atomic<std::uint64_t> ended_{0};  // the first so many of them

    mutable std::mutex mutex_;
    std::set<std::uint64_t> ended_early_;  // inserts after one that has not ended
    std::set<std::uint64_t> failed_;
};

}  // namespace ringkv::kvctl
