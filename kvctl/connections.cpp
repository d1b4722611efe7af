#include "kvctl/connections.hpp"

namespace ringkv::kvctl {
namespace {

template <class T, class O>
Lent<T> connect_to(O options) {
    auto made = T::connect(std::move(options));
    if (!made) return made.error();
    return std::make_shared<T>(std::move(*made));
}

}  // namespace

Lent<Client> Connections::client(Options options) {
    const bool usual = options.registries == registries_ && options.deadline == deadline_ && options.rack.empty() &&
                       !options.on_slow_call;
    if (usual && client_ != nullptr) return client_;
    auto lent = connect_to<Client>(std::move(options));
    if (usual && lent) client_ = lent.share();
    return lent;
}

Lent<Admin> Connections::admin(AdminOptions options) {
    const bool usual = options.registries == registries_ && options.deadline == deadline_;
    if (usual && admin_ != nullptr) return admin_;
    auto lent = connect_to<Admin>(std::move(options));
    if (usual && lent) admin_ = lent.share();
    return lent;
}

void Connections::forget() {
    client_.reset();
    admin_.reset();
}

}  // namespace ringkv::kvctl
