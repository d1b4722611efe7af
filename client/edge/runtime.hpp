// Runs one ClientActor on a thread of its own, and hands calls to it and results back.
//
// Thread safety: every member may be called from any thread, but for the destructor.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "client/client_actor.hpp"
#include "client/edge/hand_over_queue.hpp"
#include "common/edge/running/event_loop.hpp"
#include "ringkv/client.hpp"

namespace ringkv {

class ClientRuntime {
  public:
    // What the runtime's thread is to do. It stays where it is, and lives until one of the two was called.
    class Task : public HandOverLink {
      public:
        Task() = default;
        Task(const Task&) = delete;
        Task& operator=(const Task&) = delete;
        virtual ~Task() = default;

      private:
        friend class ClientRuntime;
        // On the runtime's thread. May end the task's life.
        virtual void run(ClientRuntime& runtime) = 0;
        // Instead, on the caller's thread: the runtime is closing. May end the task's life.
        virtual void refuse() = 0;
    };

    // One operation. Lives until done().
    class Call : public Task {
      public:
        Call() = default;
        Call(Operation asked, Time until) : operation(std::move(asked)), deadline(until) {}

      protected:
        // Until the call is started, and in done().
        Operation operation;
        Time deadline;

      private:
        friend class ClientRuntime;
        // Called exactly once for each start: on the runtime's thread, or on the caller's if the runtime is closing.
        // May end the call's life.
        virtual void done(Result<Outcome>&& outcome) = 0;
        void run(ClientRuntime& runtime) final;
        void refuse() final;
    };
    // One that ends its own life, after it has given its outcome to a function.
    template <class Done>
    [[nodiscard]] static Call* new_call(Operation operation, Time deadline, Done done);

    // Errors: configuration.
    static Result<std::unique_ptr<ClientRuntime>> open(const Options& options);
    // Ends the calls under way. Not on the runtime's own thread.
    ~ClientRuntime();
    ClientRuntime(const ClientRuntime&) = delete;
    ClientRuntime& operator=(const ClientRuntime&) = delete;

    // At once on the runtime's own thread; from elsewhere, one signal for all that are handed over before it looks.
    void start(Call* call) { hand_over(call); }
    void start(std::span<Call* const> calls);
    // Waits for the result. On the runtime's own thread: an error at once, for it would wait for itself.
    [[nodiscard]] Result<Outcome> wait_for(Operation operation);
    // Reads the actor's map between two turns; waits for that. Not if the runtime is closing.
    void inspect(const std::function<void(const RingCache&)>& read);

    [[nodiscard]] bool on_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }
    [[nodiscard]] static Error would_wait_for_itself();
    // Of a call that begins now.
    [[nodiscard]] Time deadline() const;

  private:
    ClientRuntime(const Options& options, std::unique_ptr<Transport> transport);
    void hand_over(Task* task);
    void hand_over(std::span<Task* const> tasks);
    void turn(Time now);
    void hand_back();

    const Duration deadline_;
    ClientActor actor_;
    NoStorage storage_;
    std::unique_ptr<Transport> transport_;
    EventLoop loop_;
    Time now_{};  // of the turn; the thread's own
    HandOverQueue<Task> tasks_;
    std::atomic<bool> closing_{false};
    std::thread thread_;  // last: it uses all of the above
};

template <class Done>
ClientRuntime::Call* ClientRuntime::new_call(Operation operation, Time deadline, Done done) {
    class SelfEnding final : public Call {
      public:
        SelfEnding(Operation asked, Time until, Done then) : Call(std::move(asked), until), done_(std::move(then)) {}

      private:
        void done(Result<Outcome>&& outcome) override {
            const std::unique_ptr<SelfEnding> self(this);
            done_(std::move(outcome));
        }
        Done done_;
    };
    return new SelfEnding(std::move(operation), deadline, std::move(done));
}

}  // namespace ringkv
