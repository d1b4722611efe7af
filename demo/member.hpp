// A node of a demo: what a process is to a node elsewhere.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "node/edge/node_server.hpp"
#include "ringkv/demo.hpp"

namespace ringkv::demo {

// Thread safety: describe() and runs() on any thread, all else on one at a time.
class Member {
  public:
    enum class State : unsigned char { killed, running, paused, failed };

    explicit Member(NodeConfig config) : config_(std::move(config)) {}
    // As kill().
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    // Begins, with whatever is in its data directory. Errors: those of NodeServer::open.
    [[nodiscard]] Result<void> start();
    // What is asked for is so already: nothing happens. Errors: refused: it cannot be done to one that is killed, or
    // has failed; resume starts these anew, and has the errors of start().
    [[nodiscard]] Result<void> kill();
    [[nodiscard]] Result<void> pause();
    [[nodiscard]] Result<void> resume();

    [[nodiscard]] const std::string& name() const { return config_.name; }
    [[nodiscard]] State state() const;
    [[nodiscard]] DemoNode describe() const;
    // NodeServer::not_ready(); of one that does not run, that.
    [[nodiscard]] std::vector<std::string> not_ready() const;

  private:
    void end();
    void wait_for_end();
    // True: it was in the one state, and is in the other.
    bool change(State from, State to);
    void set(State state);

    const NodeConfig config_;
    std::unique_ptr<NodeServer> server_;
    std::thread waits_;  // for its end, as the main of a process does

    mutable std::mutex mutex_;  // of all below
    State state_ = State::killed;
    std::string error_;
};

[[nodiscard]] std::string_view to_string(Member::State state);

}  // namespace ringkv::demo
