// Load for etcd: KV.Put over gRPC, its own protocol, asynchronous, by one thread. --endpoints: HOST:PORT of members;
// the first one alone where 1 is outstanding.
//
// The request is two fields, so it is written by hand here (etcd's rpc.proto: PutRequest{bytes key = 1; bytes value =
// 2}) and sent by gRPC's generic stub: neither etcd's .proto files nor their compiler are needed. The answer is not
// looked into beyond gRPC's status. As etcd's own benchmark does, many connections are used, 16 outstanding on each.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <iostream>
#include <memory>
#include <stdexcept>

#include "tests/benchmarks/load/load.hpp"

namespace {

using namespace ringkv::benchmarks;

constexpr std::uint64_t calls_a_connection = 16;

void add_field(std::string& message, char number, const std::string& bytes) {
    message.push_back(static_cast<char>(number << 3 | 2));
    for (std::size_t size = bytes.size();; size >>= 7U) {
        if (size < 0x80) {
            message.push_back(static_cast<char>(size));
            break;
        }
        message.push_back(static_cast<char>(size | 0x80U));
    }
    message += bytes;
}

std::vector<std::unique_ptr<grpc::GenericStub>> connect_to(const std::vector<std::string>& endpoints,
                                                           std::uint64_t count) {
    std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // otherwise all to one endpoint are one connection
    for (std::uint64_t i = 0; i < count; ++i) {
        auto channel =
            grpc::CreateCustomChannel(endpoints[i % endpoints.size()], grpc::InsecureChannelCredentials(), arguments);
        if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)))
            throw std::runtime_error("cannot connect to " + endpoints[i % endpoints.size()]);
        stubs.push_back(std::make_unique<grpc::GenericStub>(channel));
    }
    return stubs;
}

// One put at a time.
class Slot {
  public:
    explicit Slot(grpc::GenericStub& stub) : stub_(stub) {}

    // False: the run is over.
    bool ask(Load& load, grpc::CompletionQueue& queue) {
        const auto key = load.next_key();
        if (!key) return false;
        std::string request;
        add_field(request, 1, *key);
        add_field(request, 2, load.value());
        const grpc::Slice slice(request);
        const grpc::ByteBuffer buffer(&slice, 1);
        context_ = std::make_unique<grpc::ClientContext>();
        asked_ = Load::Clock::now();
        reader_ = stub_.PrepareUnaryCall(context_.get(), "/etcdserverpb.KV/Put", buffer, &queue);
        reader_->StartCall();
        reader_->Finish(&answer_, &status_, this);
        return true;
    }

    void answered(Load& load) {
        if (!status_.ok()) throw std::runtime_error("put: " + status_.error_message());
        load.answered(asked_, Load::Clock::now());
    }

  private:
    grpc::GenericStub& stub_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader_;
    grpc::ByteBuffer answer_;
    grpc::Status status_;
    Load::Clock::time_point asked_{};
};

void run(const LoadOptions& options) {
    if (!options.writes()) throw std::runtime_error("puts only");
    const auto stubs = connect_to(options.endpoints, 1 + (options.outstanding - 1) / calls_a_connection);
    Load load(options);
    grpc::CompletionQueue queue;
    std::vector<std::unique_ptr<Slot>> slots;
    std::uint64_t running = 0;
    for (std::uint64_t i = 0; i < options.outstanding; ++i) {
        slots.push_back(std::make_unique<Slot>(*stubs[i % stubs.size()]));
        running += slots.back()->ask(load, queue) ? 1 : 0;
    }
    void* tag = nullptr;
    for (bool ok = false; running > 0 && queue.Next(&tag, &ok);) {
        auto* const slot = static_cast<Slot*>(tag);
        slot->answered(load);
        if (!slot->ask(load, queue)) --running;
    }
    load.print();
}

}  // namespace

int main(int argc, char** argv) {
    const LoadOptions options = load_options(argc, argv, "Load for etcd: puts over gRPC");
    try {
        run(options);
    } catch (const std::exception& error) {
        std::cerr << "etcd_load: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
