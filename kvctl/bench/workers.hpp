// Threads for calls that wait: the library's scan has no asynchronous form.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ringkv::kvctl {

class Workers {
  public:
    explicit Workers(std::size_t threads);
    // Does what was given first.
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    // On one of the threads, as soon as one is free. Thread-safe, also from within a task.
    void run(std::function<void()> task);

  private:
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    bool closing_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ringkv::kvctl
