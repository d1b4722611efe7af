// One part of a ZeroMQ message, as an owner.
#pragma once

#include <zmq.h>

#include <cstring>
#include <string>
#include <string_view>

#include "common/check.hpp"

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace ringkv {

class MessagePart {
  public:
    MessagePart() { zmq_msg_init(&message_); }
    ~MessagePart() { zmq_msg_close(&message_); }
    MessagePart(const MessagePart&) = delete;
    MessagePart& operator=(const MessagePart&) = delete;

    explicit MessagePart(std::string_view bytes) { copy(bytes); }
    explicit MessagePart(std::string&& bytes) {
        if (bytes.size() < worth_sharing) {
            copy(bytes);
        } else {
            auto* const owned = new std::string(std::move(bytes));
#ifdef __SANITIZE_THREAD__
            __tsan_release(owned);  // the I/O thread frees it; libzmq, which orders the two, is not instrumented
#endif
            zmq_msg_init_data(&message_, owned->data(), owned->size(), release, owned);
        }
    }

    [[nodiscard]] std::string_view bytes() const {
        return {static_cast<const char*>(zmq_msg_data(const_cast<zmq_msg_t*>(&message_))), zmq_msg_size(&message_)};
    }
    [[nodiscard]] bool more() const {
        return zmq_msg_more(&message_) != 0;
    }
    // The network address of its sender, or "".
    [[nodiscard]] std::string peer() const {
        const char* const address = zmq_msg_gets(&message_, "Peer-Address");
        return address == nullptr ? "" : address;
    }

    // Without waiting. False: nothing there.
    [[nodiscard]] bool receive(void* socket) {
        return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0;
    }
    // Without waiting. False: it cannot go now.
    [[nodiscard]] bool send(void* socket, int flags = 0) {
        return zmq_msg_send(&message_, socket, ZMQ_DONTWAIT | flags) >= 0;
    }

  private:
    // Below it copying is cheaper than one more allocation and a call back from the I/O thread.
    static constexpr std::size_t worth_sharing = 16384;

    static void release(void*, void* owned) {
#ifdef __SANITIZE_THREAD__
        __tsan_acquire(owned);
#endif
        delete static_cast<std::string*>(owned);
    }
    void copy(std::string_view bytes) {
        RINGKV_CHECK(zmq_msg_init_size(&message_, bytes.size()) == 0, "out of memory");
        if (!bytes.empty()) std::memcpy(zmq_msg_data(&message_), bytes.data(), bytes.size());
    }

    zmq_msg_t message_;
};

}  // namespace ringkv
