// One part of a ZeroMQ message, as an owner.
#pragma once

#include <zmq.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "common/check.hpp"
#include "common/edge/transport/send_budget.hpp"

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace ringkv {

class MessagePart {
  public:
    // Smaller ones are bounded well enough by the high-water mark, which counts frames.
    static constexpr std::size_t worth_counting = 2048;

    MessagePart() { zmq_msg_init(&message_); }
    ~MessagePart() { zmq_msg_close(&message_); }
    MessagePart(const MessagePart&) = delete;
    MessagePart& operator=(const MessagePart&) = delete;

    explicit MessagePart(std::string_view bytes) { copy(bytes); }
    explicit MessagePart(std::string&& bytes) {
        if (bytes.size() < worth_sharing)
            copy(bytes);
        else
            share(std::move(bytes), {});
    }
    // The account is charged with the bytes until ZeroMQ lets go of them, but for those of small ones.
    MessagePart(std::string&& bytes, const std::shared_ptr<HeldBytes>& account) {
        if (bytes.size() < worth_counting)
            copy(bytes);
        else
            share(std::move(bytes), account);
    }

    void clear() {
        zmq_msg_close(&message_);
        zmq_msg_init(&message_);
    }

    [[nodiscard]] std::string_view bytes() const {
        return {static_cast<const char*>(zmq_msg_data(const_cast<zmq_msg_t*>(&message_))), zmq_msg_size(&message_)};
    }
    [[nodiscard]] bool more() const { return zmq_msg_more(&message_) != 0; }
    // The network address of its sender, or "".
    [[nodiscard]] std::string peer() const {
        const char* const address = zmq_msg_gets(&message_, "Peer-Address");
        return address == nullptr ? "" : address;
    }

    // Without waiting. False: nothing there.
    [[nodiscard]] bool receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
    // Without waiting. False: it cannot go now.
    [[nodiscard]] bool send(void* socket, int flags = 0) {
        return zmq_msg_send(&message_, socket, ZMQ_DONTWAIT | flags) >= 0;
    }

  private:
    // Below it copying is cheaper than one more allocation and a call back from the I/O thread.
    static constexpr std::size_t worth_sharing = 16384;

    struct Shared {
        std::string bytes;
        std::shared_ptr<HeldBytes> account;
    };
    void share(std::string&& bytes, const std::shared_ptr<HeldBytes>& account) {
        auto* const shared = new Shared{std::move(bytes), account};
        if (account) account->charge(shared->bytes.size());
#ifdef __SANITIZE_THREAD__
        __tsan_release(shared);  // the I/O thread frees it; libzmq, which orders the two, is not instrumented
#endif
        zmq_msg_init_data(&message_, shared->bytes.data(), shared->bytes.size(), release, shared);
    }
    static void release(void*, void* hint) {
#ifdef __SANITIZE_THREAD__
        __tsan_acquire(hint);
#endif
        const std::unique_ptr<Shared> shared(static_cast<Shared*>(hint));
        if (shared->account) shared->account->release(shared->bytes.size());
    }
    void copy(std::string_view bytes) {
        RINGKV_CHECK(zmq_msg_init_size(&message_, bytes.size()) == 0, "out of memory");
        if (!bytes.empty()) std::memcpy(zmq_msg_data(&message_), bytes.data(), bytes.size());
    }

    zmq_msg_t message_;
};

}  // namespace ringkv
