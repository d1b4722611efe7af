#include "client/edge/calls.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace ringkv::calls {

namespace {

Error condition_failed(OpNumber version) {
    return {ErrorCode::condition_failed, version.none() ? std::string("the key is absent")
                                                        : "the key has version " + std::to_string(version.value())};
}

template <class T>
T& as(Operation& operation) {
    if (T* same = std::get_if<T>(&operation)) return *same;
    return operation.emplace<T>();
}

}  // namespace

void write(Operation& into, std::string_view key, std::optional<std::string_view> value,
           std::optional<Version> expected, const WriteOptions& options) {
    WriteOperation& operation = as<WriteOperation>(into);
    operation.key.assign(key);
    if (!value) {
        operation.value.reset();
    } else if (operation.value) {
        operation.value->assign(*value);
    } else {
        operation.value.emplace(*value);
    }
    operation.expected = expected ? std::optional(OpNumber(*expected)) : std::nullopt;
    operation.ack = options.ack == WriteAck::primary ? Ack::primary : Ack::all;
    operation.ordered = options.ordered;
}

std::optional<StaleRead> stale(const ReadOptions& options) {
    if (options.read != ReadConsistency::stale) return std::nullopt;
    if (options.max_age == std::chrono::milliseconds(0)) return StaleRead{};
    return StaleRead{std::min<std::chrono::milliseconds>(options.max_age, std::chrono::years(100))};
}

void read(Operation& into, std::string_view key, const ReadOptions& options) {
    GetOperation& operation = as<GetOperation>(into);
    operation.key.assign(key);
    operation.stale = stale(options);
}

Operation write(std::string_view key, std::optional<std::string_view> value, std::optional<Version> expected,
                const WriteOptions& options) {
    Operation operation;
    write(operation, key, value, expected, options);
    return operation;
}

Operation awaited(Operation&& operation) {
    if (auto* write = std::get_if<WriteOperation>(&operation)) write->ordered = false;
    return std::move(operation);
}

Operation read(std::string_view key, const ReadOptions& options) {
    return GetOperation{std::string(key), stale(options)};
}

Result<Version> version_of(Result<Outcome>&& outcome) {
    if (!outcome) return outcome.error();
    const auto& written = std::get<WriteOutcome>(*outcome);
    if (written.status != WriteStatus::done) return condition_failed(written.version);
    return written.version.value();
}

Result<std::optional<Version>> removal_of(Result<Outcome>&& outcome) {
    if (!outcome) return outcome.error();
    const auto& written = std::get<WriteOutcome>(*outcome);
    if (written.status == WriteStatus::condition_failed) return condition_failed(written.version);
    if (written.status == WriteStatus::not_found) return std::optional<Version>();
    return std::optional<Version>(written.version.value());
}

Result<std::optional<VersionedValue>> value_of(Result<Outcome>&& outcome) {
    if (!outcome) return outcome.error();
    auto& found = std::get<GetOutcome>(*outcome);
    if (!found.value) return std::optional<VersionedValue>();
    return std::optional<VersionedValue>({std::move(*found.value), found.version.value()});
}

Result<StaleValue> aged_value_of(Result<Outcome>&& outcome) {
    if (!outcome) return outcome.error();
    const auto age = std::chrono::ceil<std::chrono::milliseconds>(std::get<GetOutcome>(*outcome).age);
    auto value = value_of(std::move(outcome));
    return StaleValue{std::move(*value), age};
}

SlowCall slow_call(ClientId client, const SlowOperation& slow) {
    const auto microseconds = [](Duration duration) {
        return std::chrono::duration_cast<std::chrono::microseconds>(duration);
    };
    SlowCall call{.operation = {},
                  .key = {},
                  .took = microseconds(slow.took),
                  .before_last = microseconds(slow.before),
                  .attempts = slow.attempts,
                  .request = slow.attempts == 0 ? std::string() : to_hex(slow.attempt.value()),
                  .client = to_hex(client.value()),
                  .sequence = slow.sequence.value(),
                  .endpoint = slow.endpoint,
                  .refusal = slow.refusal};
    std::visit(
        [&call]<class O>(const O& operation) {
            if constexpr (std::is_same_v<O, WriteOperation>)
                std::tie(call.operation, call.key) = std::pair("write", operation.key);
            else if constexpr (std::is_same_v<O, GetOperation>)
                std::tie(call.operation, call.key) = std::pair("get", operation.key);
            else if constexpr (std::is_same_v<O, ScanOperation>)
                std::tie(call.operation, call.key) = std::pair("scan", operation.prefix);
            else
                call.operation = "map";
        },
        slow.operation);
    return call;
}

}  // namespace ringkv::calls
