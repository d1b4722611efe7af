// Result<T>: a value, or an Error that says what went wrong and whether a write may have happened.
//
// The names are those of std::expected (C++23), so that it can take this one's place some day.
// Thread safety: as for any value type. Nothing here throws; value() on an error, or error() on a
// value, is a bug of the caller and ends the process.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ringkv {

enum class ErrorCode : unsigned char {
    invalid_argument = 1,  // key or value size, bad option: nothing was sent
    configuration = 2,     // a file, a flag or an endpoint is wrong
    condition_failed = 3,  // compare_and_set: the version was another one; nothing was written
    unavailable = 4,       // the deadline passed or no node serves; a write was NOT applied
    outcome_unknown = 5,   // the deadline passed; a write may or may not have been applied
    refused = 6,           // refused for safety, with the reason in the message
    wrong_cluster = 7,     // the other side belongs to another cluster
    version_mismatch = 8,  // the other side speaks another major protocol version
    malformed = 9,         // bytes that are not a message of ours
    closed = 10,           // the client was closed while the call was under way; a write was not applied
    storage = 11,          // the disk, or the store on it, failed
    internal = 12,         // anything else; the message says what
};

// "invalid_argument", "outcome_unknown", ...; never null.
std::string_view to_string(ErrorCode code) noexcept;

class Error {
  public:
    Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    [[nodiscard]] ErrorCode code() const noexcept { return code_; }
    // One sentence: what, why, and where it helps the next thing to try.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    // True only for outcome_unknown: the write may have been applied, or may still be.
    [[nodiscard]] bool maybe_applied() const noexcept { return code_ == ErrorCode::outcome_unknown; }

  private:
    ErrorCode code_;
    std::string message_;
};

std::ostream& operator<<(std::ostream& out, const Error& error);

namespace detail {
[[noreturn]] inline void bad_result_access(const char* what) {
    std::fprintf(stderr, "ringkv: %s\n", what);
    std::abort();
}
}  // namespace detail

template <class T>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & { return checked(); }
    const T& value() const& { return const_cast<Result*>(this)->checked(); }
    T&& value() && { return std::move(checked()); }
    T& operator*() & { return checked(); }
    const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
    T&& operator*() && { return std::move(checked()); }
    T* operator->() { return &checked(); }
    const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

    [[nodiscard]] const Error& error() const {
        const Error* error = std::get_if<1>(&state_);
        if (error == nullptr) detail::bad_result_access("Result::error() on a value");
        return *error;
    }

    template <class U>
    [[nodiscard]] T value_or(U&& fallback) const& {
        return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
    }

  private:
    T& checked() {
        T* value = std::get_if<0>(&state_);
        if (value == nullptr) detail::bad_result_access(std::get<1>(state_).message().c_str());
        return *value;
    }

    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;

    Result() = default;
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] const Error& error() const {
        const Error* error = std::get_if<1>(&state_);
        if (error == nullptr) detail::bad_result_access("Result::error() on a value");
        return *error;
    }

  private:
    std::variant<std::monostate, Error> state_;
};

}  // namespace ringkv
