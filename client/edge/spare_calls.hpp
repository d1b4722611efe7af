// Calls of one kind that have ended, for the next ones: a program that keeps many calls under way, each made in the
// callback of another, takes no memory for a call. Theirs is bounded, and so is what their keys and values hold.
//
// Thread safety: take() and give() on the runtime's own thread only; others make calls, and end them.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "client/edge/runtime.hpp"

namespace ringkv {

// A call whose outcome goes to a function, as a T.
template <class T>
class SpareCalls {
  public:
    using Answer = Result<T> (*)(Result<Outcome>&&);

    class AsyncCall final : public ClientRuntime::Call {
      public:
        AsyncCall(ClientRuntime& runtime, SpareCalls& spare) : runtime_(runtime), spare_(spare) {}

        // What is asked is to be said before it is started.
        [[nodiscard]] Operation& what() { return operation; }
        void prepare(Time until, Answer answer, std::function<void(Result<T>)> then) {
            deadline = until;
            answer_ = answer;
            then_ = std::move(then);
        }

      private:
        // The function may make a call again, and that may be this very one.
        void done(Result<Outcome>&& outcome) override {
            const std::function<void(Result<T>)> then = std::exchange(then_, nullptr);
            const Answer answer = answer_;
            std::unique_ptr<AsyncCall> self(this);
            if (runtime_.on_own_thread()) spare_.give(std::move(self));
            then(answer(std::move(outcome)));
        }

        ClientRuntime& runtime_;
        SpareCalls& spare_;
        Answer answer_ = nullptr;
        std::function<void(Result<T>)> then_;
        friend class SpareCalls;
    };

    // One that has ended, or a new one.
    [[nodiscard]] std::unique_ptr<AsyncCall> take(ClientRuntime& runtime) {
        if (!runtime.on_own_thread() || spare_.empty()) return std::make_unique<AsyncCall>(runtime, *this);
        std::unique_ptr<AsyncCall> call = std::move(spare_.back());
        spare_.pop_back();
        return call;
    }

  private:
    static constexpr std::size_t most = 1024;
    static constexpr std::size_t most_bytes = 1024;  // of a key, or of a value

    void give(std::unique_ptr<AsyncCall> call) {
        if (spare_.size() < most && small(call->operation)) spare_.push_back(std::move(call));
    }
    static bool small(const Operation& operation) {
        if (const auto* get = std::get_if<GetOperation>(&operation)) return get->key.capacity() <= most_bytes;
        const auto& write = std::get<WriteOperation>(operation);
        return write.key.capacity() <= most_bytes && (!write.value || write.value->capacity() <= most_bytes);
    }

    std::vector<std::unique_ptr<AsyncCall>> spare_;
};

}  // namespace ringkv
