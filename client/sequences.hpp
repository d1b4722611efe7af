// A client's numbers for its writes, and which of them are still open (C1). Pure.
#pragma once

#include <deque>

#include "common/check.hpp"
#include "common/ids.hpp"

namespace ringkv {

class Sequences {
  public:
    // The next number, open from now on.
    Sequence take() {
        open_.push_back(true);
        return Sequence(first_.value() + open_.size() - 1);
    }
    // Its outcome is known to the caller (or it was abandoned): it will not be sent again.
    void finish(Sequence sequence) {
        RINGKV_CHECK(sequence >= first_ && sequence.value() - first_.value() < open_.size(), "finished twice");
        open_[sequence.value() - first_.value()] = false;
        while (!open_.empty() && !open_.front()) {
            open_.pop_front();
            first_ = first_.next();
        }
    }
    // The lowest number that is open; the next one to come, if none is.
    [[nodiscard]] Sequence lowest() const { return first_; }

  private:
    Sequence first_{1};
    std::deque<bool> open_;  // from first_ on
};

}  // namespace ringkv
