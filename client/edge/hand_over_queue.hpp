// What many threads hand over to one, without a lock: any of them puts, that one takes all there is, in the order in
// which it was put. Also says when that one must be woken: it is not while it is awake, and once for a burst.
//
// A stack of Treiber's (1986) that is only ever taken as a whole, so that no element can be mistaken for an earlier one
// at its address (ABA). The elements are links themselves, and stay their owner's: nothing is allocated.
//
// Thread safety: put() from any thread; all else from the one that takes.
#pragma once

#include <atomic>
#include <span>
#include <utility>

namespace ringkv {

struct HandOverLink {
    HandOverLink* next = nullptr;
};

// T derives from HandOverLink.
template <class T>
class HandOverQueue {
  public:
    enum class Put {
        quietly,      // the taker is awake, or has been woken for an earlier element
        wake_needed,  // the taker sleeps: wake it
        refused,      // the queue is closed; the elements are not in it
    };

    // All of them together, the first one first. Precondition: some.
    Put put(std::span<T* const> elements) {
        for (std::size_t i = 1; i < elements.size(); ++i) link(elements[i])->next = elements[i - 1];
        HandOverLink* const last = elements.back();
        HandOverLink* head = head_.load(std::memory_order_relaxed);
        do {
            if (head == &closed_) return Put::refused;
            link(elements.front())->next = head == &asleep_ ? nullptr : head;
        } while (!head_.compare_exchange_weak(head, last, std::memory_order_acq_rel, std::memory_order_relaxed));
        return head == &asleep_ ? Put::wake_needed : Put::quietly;
    }

    // Gives each element that is there to `visit`, which may end its life. The taker is awake from now on.
    template <class Visit>
    void take(Visit visit) {
        for_each(head_.exchange(nullptr, std::memory_order_acq_rel), visit);
    }
    // The same, and nothing is accepted any more.
    template <class Visit>
    void close(Visit visit) {
        for_each(head_.exchange(&closed_, std::memory_order_acq_rel), visit);
    }
    // The taker is about to sleep. False: it must not, for something is there.
    [[nodiscard]] bool sleep() {
        HandOverLink* awake = nullptr;
        return head_.compare_exchange_strong(awake, &asleep_, std::memory_order_acq_rel) || awake == &asleep_;
    }

  private:
    static HandOverLink* link(T* element) { return element; }

    template <class Visit>
    void for_each(HandOverLink* newest, Visit& visit) {
        HandOverLink* oldest = nullptr;
        while (newest != nullptr && newest != &asleep_ && newest != &closed_) {
            HandOverLink* const next = std::exchange(newest->next, oldest);
            oldest = std::exchange(newest, next);
        }
        while (oldest != nullptr) visit(static_cast<T&>(*std::exchange(oldest, oldest->next)));
    }

    HandOverLink asleep_, closed_;  // what head_ is while the taker sleeps and nothing is there; and at the end
    std::atomic<HandOverLink*> head_{&asleep_};  // the newest; nullptr: nothing, and the taker is awake
};

}  // namespace ringkv
