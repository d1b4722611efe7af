#include "kvctl/bench/workload.hpp"

#include <algorithm>

namespace ringkv::kvctl {
namespace {

constexpr std::uint64_t longest_scan = 100;

//                             get   put   insert scan  read-modify-write
constexpr std::array mixes = {
    Mix{.name = "get", .shares = {1, 0, 0, 0, 0}, .distribution = Distribution::uniform},
    Mix{.name = "put", .shares = {0, 1, 0, 0, 0}, .distribution = Distribution::uniform},
    Mix{.name = "mixed", .shares = {0.5, 0.5, 0, 0, 0}, .distribution = Distribution::uniform},
    Mix{.name = "ycsb-a", .shares = {0.5, 0.5, 0, 0, 0}, .distribution = Distribution::zipfian},
    Mix{.name = "ycsb-b", .shares = {0.95, 0.05, 0, 0, 0}, .distribution = Distribution::zipfian},
    Mix{.name = "ycsb-c", .shares = {1, 0, 0, 0, 0}, .distribution = Distribution::zipfian},
    Mix{.name = "ycsb-d", .shares = {0.95, 0, 0.05, 0, 0}, .distribution = Distribution::latest},
    Mix{.name = "ycsb-e", .shares = {0, 0, 0.05, 0.95, 0}, .distribution = Distribution::zipfian},
    Mix{.name = "ycsb-f", .shares = {0.5, 0, 0, 0, 0.5}, .distribution = Distribution::zipfian},
};

}  // namespace

std::string_view name_of(OperationKind kind) {
    switch (kind) {
        case OperationKind::get: return "get";
        case OperationKind::put: return "put";
        case OperationKind::insert: return "insert";
        case OperationKind::scan: return "scan";
        case OperationKind::read_modify_write: return "read-modify-write";
    }
    return "";
}

std::optional<Operation> Fill::next(Random& /*random*/) {
    const std::uint64_t key = next_.fetch_add(1);
    return key < keys_ ? std::optional(Operation{OperationKind::put, key}) : std::nullopt;
}

std::optional<Mix> mix_named(std::string_view name) {
    const auto* const found =
        std::find_if(mixes.begin(), mixes.end(), [&](const Mix& mix) { return mix.name == name; });
    return found == mixes.end() ? std::nullopt : std::optional(*found);
}

OperationKind Workload::choose_kind(double fraction) const {
    std::size_t last = 0;
    for (std::size_t kind = 0; kind < operation_kinds; ++kind) {
        if (mix_.shares.at(kind) == 0) continue;
        if (fraction < mix_.shares.at(kind)) return static_cast<OperationKind>(kind);
        fraction -= mix_.shares.at(kind);
        last = kind;
    }
    return static_cast<OperationKind>(last);
}

std::optional<Operation> Workload::next(Random& random) {
    Operation operation{choose_kind(random.fraction())};
    if (operation.kind == OperationKind::insert) {
        operation.key = keys_ + begun_.fetch_add(1);
        return operation;
    }
    operation.key = chooser_.choose(random, keys_ + ended_);
    if (operation.kind == OperationKind::scan) {
        operation.key -= operation.key % longest_scan;
        operation.limit = 1 + random.next() % longest_scan;
    }
    return operation;
}

void Workload::inserted(std::uint64_t key, bool applied) {
    const std::lock_guard lock(mutex_);
    if (!applied) failed_.insert(key);
    ended_early_.insert(key);
    while (!ended_early_.empty() && *ended_early_.begin() == keys_ + ended_) {
        ended_early_.erase(ended_early_.begin());
        ++ended_;
    }
}

bool Workload::may_be_absent(std::uint64_t key) const {
    if (key < keys_) return false;
    const std::lock_guard lock(mutex_);
    return failed_.contains(key);
}

std::uint64_t Workload::present(std::uint64_t first, std::uint64_t count) const {
    return first < keys_ ? std::min(count, keys_ - first) : 0;
}

}  // namespace ringkv::kvctl
