// A queue in one array: taken from at the front, grown at the back, any place of it looked at. Unlike std::deque it
// takes no memory while it is empty, and nothing moves when it is. Thread safety: none.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace ringkv {

// T: what is moved from holds nothing. Pointers and references hold until the next push or pop.
template <class T>
class Fifo {
  public:
    [[nodiscard]] bool empty() const { return first_ == items_.size(); }
    [[nodiscard]] std::size_t size() const { return items_.size() - first_; }
    // Precondition: there are more than `index`.
    [[nodiscard]] T& operator[](std::size_t index) { return items_[first_ + index]; }
    [[nodiscard]] const T& operator[](std::size_t index) const { return items_[first_ + index]; }
    // Preconditions: not empty.
    [[nodiscard]] T& front() { return items_[first_]; }
    [[nodiscard]] const T& front() const { return items_[first_]; }
    [[nodiscard]] T& back() { return items_.back(); }
    [[nodiscard]] const T& back() const { return items_.back(); }
    [[nodiscard]] T* begin() { return items_.data() + first_; }
    [[nodiscard]] const T* begin() const { return items_.data() + first_; }
    [[nodiscard]] T* end() { return items_.data() + items_.size(); }
    [[nodiscard]] const T* end() const { return items_.data() + items_.size(); }

    void push_back(T item) { items_.push_back(std::move(item)); }
    // Precondition of both: not empty.
    T pop_front() {
        T item = std::move(items_[first_++]);
        if (first_ == items_.size())
            clear();
        else if (first_ >= least_moved && first_ > items_.size() / 2)
            move_up();
        return item;
    }
    void pop_back() {
        items_.pop_back();
        if (empty()) clear();
    }
    void clear() {
        items_.clear();
        first_ = 0;
        if (items_.capacity() > least_moved) items_.shrink_to_fit();
    }

  private:
    static constexpr std::size_t least_moved = 64;

    // Seldom enough that each item moves once on average.
    void move_up() {
        items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
        if (items_.capacity() > 4 * items_.size() + least_moved) items_.shrink_to_fit();
    }

    std::vector<T> items_;
    std::size_t first_ = 0;  // those before it are gone
};

}  // namespace ringkv
