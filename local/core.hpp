// What runs a cluster in one process: its thread, its clock, and the way from a caller's thread to it and back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "client/client_actor.hpp"
#include "local/members.hpp"

namespace ringkv::local {

// Boot time, but for the time in which it was not read: a step is never longer than `longest_step`. All actors of a
// cluster share one, so leases and promises hold by it whatever the machine does.
class ClusterClock {
  public:
    Time advance();

  private:
    Time now_{std::chrono::seconds(1)};
    Time looked_at_{};
};

class Core {
  public:
    explicit Core(LocalClusterOptions options);
    // As close(); not on the cluster's own thread.
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // Thread-safe. Each waits for the cluster's thread, and fails at once on it. Errors: closed.

    [[nodiscard]] Result<Outcome> perform(Operation operation);
    // The call's own result.
    template <class T>
    [[nodiscard]] Result<T> on_thread(std::function<Result<T>(Members&, Time)> call);
    // What `look`, repeated whenever something may have changed, ends with. Unavailable: it had not by the deadline.
    using Look = std::function<Progress(Members&, Time)>;
    [[nodiscard]] Result<void> wait_until(Look look, const std::string& what);
    // What the registry says to it.
    [[nodiscard]] Result<void> administer(AdminAction action, const std::string& node);

    void close();

  private:
    using Task = std::function<void(Time)>;
    struct Waiting {
        Look look;
        Time deadline;
        std::string what;
        std::shared_ptr<std::promise<Result<void>>> result;
    };

    // Runs on the thread; false: it will not, the cluster is closed.
    [[nodiscard]] bool post(Task task);
    [[nodiscard]] bool on_own_thread() const { return std::this_thread::get_id() == own_.load(); }
    template <class T>
    [[nodiscard]] Result<T> await(const std::function<void(std::shared_ptr<std::promise<Result<T>>>, Time)>& begin);

    void run();
    [[nodiscard]] bool run_tasks(Time now);
    void after_round(Time now, bool tick);
    void hand_back();
    void end();

    const LocalClusterOptions options_;
    // The thread's own.
    ClusterClock clock_;
    Network network_;
    Members members_;
    ClientActor client_;
    HostId client_host_;
    MoveLog move_log_;
    Epoch seen_;
    std::map<OperationId, std::shared_ptr<std::promise<Result<Outcome>>>> operations_;
    std::vector<Waiting> waiting_;

    std::mutex mutex_;
    std::condition_variable called_;
    std::vector<Task> tasks_;           // guarded by mutex_
    bool closing_ = false;              // guarded by mutex_
    std::atomic<std::thread::id> own_;  // the thread's, once it runs
    std::mutex joining_;                // of the thread
    std::thread thread_;                // last: it uses all of the above
};

[[nodiscard]] Error closed_error();
[[nodiscard]] Error own_thread_error();

template <class T>
Result<T> Core::await(const std::function<void(std::shared_ptr<std::promise<Result<T>>>, Time)>& begin) {
    if (on_own_thread()) return own_thread_error();
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto result = promise->get_future();
    if (!post([promise = std::move(promise), &begin](Time now) { begin(promise, now); })) return closed_error();
    return result.get();
}

template <class T>
Result<T> Core::on_thread(std::function<Result<T>(Members&, Time)> call) {
    return await<T>([&](const auto& promise, Time now) { promise->set_value(call(members_, now)); });
}

}  // namespace ringkv::local
