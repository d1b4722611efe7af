// A key or a value in a message. What was read from a frame is a part of that frame, and what is answered is a part of
// the engine or of the answerer's room, for as long as a turn; so no operation takes memory for its text. What is kept
// longer must be made its own: a copy always is.
#pragma once

#include <concepts>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ringkv {

class ByteString {
  public:
    ByteString() = default;
    // Its own.
    explicit ByteString(std::string_view text) { own(text); }
    ByteString(const std::string& text) : ByteString(std::string_view(text)) {}
    ByteString(const char* text) : ByteString(std::string_view(text)) {}
    ByteString(const ByteString& other) : ByteString(other.view_) {}
    // As the other is: its own, or a part.
    ByteString(ByteString&& other) noexcept : view_(std::exchange(other.view_, {})), own_(std::move(other.own_)) {}
    ByteString& operator=(const ByteString& other) {
        if (this != &other) own(other.view_);
        return *this;
    }
    ByteString& operator=(ByteString&& other) noexcept {
        view_ = std::exchange(other.view_, {});
        own_ = std::move(other.own_);
        return *this;
    }
    ~ByteString() = default;

    // A part of something that stays while it is used.
    [[nodiscard]] static ByteString part(std::string_view text) {
        ByteString result;
        result.view_ = text;
        return result;
    }

    // From here on its own.
    void keep() {
        if (own_ == nullptr && !view_.empty()) own(view_);
    }

    operator std::string_view() const { return view_; }
    [[nodiscard]] std::string_view view() const { return view_; }
    [[nodiscard]] const char* data() const { return view_.data(); }
    [[nodiscard]] std::size_t size() const { return view_.size(); }
    [[nodiscard]] bool empty() const { return view_.empty(); }

    friend bool operator==(const ByteString& left, const ByteString& right) { return left.view_ == right.view_; }
    template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, ByteString>) friend bool operator==(const ByteString& left, const Text& right) {
        return left.view_ == std::string_view(right);
    }

  private:
    void own(std::string_view text) {
        auto copy = text.empty() ? nullptr : std::make_unique_for_overwrite<char[]>(text.size());
        if (copy != nullptr) std::memcpy(copy.get(), text.data(), text.size());
        view_ = {copy.get(), text.size()};
        own_ = std::move(copy);
    }

    std::string_view view_;
    std::unique_ptr<char[]> own_;  // null: view_ is a part of something else, or empty
};

// All of a struct with RINGKV_FIELDS are its own from here on. -> their bytes.
template <class Struct>
requires requires(Struct& all) {
    all.tie();
}
std::size_t keep_bytes(Struct& all) {
    std::size_t bytes = 0;
    const auto keep = [&bytes](auto& field) {
        using Field = std::remove_reference_t<decltype(field)>;
        if constexpr (std::is_same_v<Field, ByteString>) {
            field.keep();
            bytes += field.size();
        } else if constexpr (std::is_same_v<Field, std::optional<ByteString>>) {
            if (field) field->keep();
            bytes += field ? field->size() : 0;
        }
    };
    std::apply([&keep](auto&... fields) { (keep(fields), ...); }, all.tie());
    return bytes;
}

}  // namespace ringkv
