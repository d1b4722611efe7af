// The calls of the public interfaces (Client, LocalCluster) as operations of the client's core, and the outcomes of
// those operations as the calls' results. Pure functions; thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "client/operation.hpp"
#include "ringkv/client.hpp"

namespace ringkv::calls {

// put, or erase without a value; on a condition if `expected` is given (0 = the key is absent).
[[nodiscard]] Operation write(std::string_view key, std::optional<std::string_view> value,
                              std::optional<Version> expected = {}, const WriteOptions& options = {});
// Of a call whose caller waits for its outcome: it can make no later one meanwhile that would have to wait.
[[nodiscard]] Operation awaited(Operation&& operation);
[[nodiscard]] Operation read(std::string_view key, const ReadOptions& options = {});
// What a read of a key or of a part of a scan asks for; none: linearizable.
[[nodiscard]] std::optional<StaleRead> stale(const ReadOptions& options);
// The same, into an earlier operation, whose strings' memory is used again.
void write(Operation& into, std::string_view key, std::optional<std::string_view> value,
           std::optional<Version> expected = {}, const WriteOptions& options = {});
void read(Operation& into, std::string_view key, const ReadOptions& options = {});

// Each takes the outcome of an operation of its own kind. Errors: the operation's own, and condition_failed.

// Of a write that sets a value, or of any conditional one: the version of that write.
[[nodiscard]] Result<Version> version_of(Result<Outcome>&& outcome);
// Of an erase: the version of the erasure, or nothing if the key was absent.
[[nodiscard]] Result<std::optional<Version>> removal_of(Result<Outcome>&& outcome);
// Of a read: what the key has, or nothing if it is absent.
[[nodiscard]] Result<std::optional<VersionedValue>> value_of(Result<Outcome>&& outcome);
[[nodiscard]] Result<StaleValue> aged_value_of(Result<Outcome>&& outcome);

[[nodiscard]] SlowCall slow_call(ClientId client, const SlowOperation& slow);

}  // namespace ringkv::calls
