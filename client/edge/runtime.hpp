// Runs one ClientActor on a thread of its own, and hands calls to it and results back.
//
// Thread safety: every member may be called from any thread, but for the destructor.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "client/client_actor.hpp"
#include "common/edge/running/event_loop.hpp"
#include "ringkv/client.hpp"

namespace ringkv {

class ClientRuntime {
  public:
    // Called exactly once: on the runtime's thread, or on the caller's if the runtime is closing.
    using Done = std::function<void(Result<Outcome>)>;
    struct Call {
        Operation operation;
        Time deadline;
        Done done;
    };

    // Errors: configuration.
    static Result<std::unique_ptr<ClientRuntime>> open(const Options& options);
    // Ends the calls under way. Not on the runtime's own thread.
    ~ClientRuntime();
    ClientRuntime(const ClientRuntime&) = delete;
    ClientRuntime& operator=(const ClientRuntime&) = delete;

    // One signal to the thread for all that are handed over before it looks.
    void start(Call call);
    void start(std::vector<Call> calls);
    // Waits for the result. On the runtime's own thread: an error at once, for it would wait for itself.
    [[nodiscard]] Result<Outcome> wait_for(Operation operation);
    // Reads the actor's map between two turns; waits for that.
    void inspect(const std::function<void(const RingCache&)>& read);

    [[nodiscard]] bool on_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }
    [[nodiscard]] static Error would_wait_for_itself();
    // Of a call that begins now.
    [[nodiscard]] Time deadline() const;

  private:
    ClientRuntime(const Options& options, std::unique_ptr<Transport> transport);
    void turn(Time now);
    void take_calls(Time now);
    void hand_back();

    const Duration deadline_;
    ClientActor actor_;
    NoStorage storage_;
    std::unique_ptr<Transport> transport_;
    EventLoop loop_;
    absl::flat_hash_map<std::uint64_t, Done> waiting_;  // by operation; the thread's own

    std::mutex mutex_;
    std::vector<Call> calls_;                         // guarded by mutex_
    std::vector<std::function<void()>> inspections_;  // guarded by mutex_
    bool closing_ = false;                            // guarded by mutex_
    std::vector<Call> taken_;                         // the thread's own; keeps its memory
    std::thread thread_;                              // last: it uses all of the above
};

}  // namespace ringkv
