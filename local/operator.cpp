#include "local/operator.hpp"

#include "common/message_groups.hpp"

namespace ringkv::local {

namespace {
constexpr Duration interval = std::chrono::milliseconds(200);
}  // namespace

void Operator::ask(AdminAction action, const std::string& node, Done done) {
    last_ = last_.next();
    Asked& asked = asked_[last_];
    asked.request.request = last_;
    asked.request.action = action;
    asked.request.node = node;
    asked.done = std::move(done);
}

void Operator::receive(Time, const Origin&, Message message) {
    std::visit(
        [&]<class M>(const M& content) {
            if constexpr (OneOf<M, AdministerAnswer>)
                answered(content);
            else  // not for an operator
                static_assert(ClientRequest<M> || ClientAnswer<M> || MapAnswer<M> || RegistryRequest<M> ||
                                  RegistryAnswer<M> || PeerMessage<M> || OperatorOfRegistry<M> || OperatorOfNode<M> ||
                                  OperatorAnswer<M> || OneOf<M, FrameRefused, MapDelta, MapRequest>,
                              "say what an operator does with this message");
        },
        message);
}

void Operator::answered(const AdministerAnswer& answer) {
    const auto found = asked_.find(answer.request);
    if (found == asked_.end()) return;
    const Done done = std::move(found->second.done);
    asked_.erase(found);
    done(answer);
}

void Operator::tick(Time now) {
    for (auto& [id, asked] : asked_) {
        if (now < asked.next) continue;
        asked.next = now + interval;
        effects_.sends.push_back({Address::to(registry_), {}, asked.request});
    }
}

}  // namespace ringkv::local
