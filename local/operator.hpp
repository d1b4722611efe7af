// Asks the registry for what an operator would ask it (messages.hpp: Administer), again until it answers.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/actor.hpp"

namespace ringkv::local {

class Operator final : public Actor {
  public:
    using Done = std::function<void(const AdministerAnswer&)>;

    explicit Operator(std::string registry) : registry_(std::move(registry)) {}

    // `node`: its name, where the action is about one. `done` is called once, in a later turn.
    void ask(AdminAction action, const std::string& node, Done done);

    void receive(Time now, const Origin& from, Message message) override;
    void tick(Time now) override;
    void durable(Time, BatchNumber) override {}
    [[nodiscard]] Effects take_effects() override { return std::exchange(effects_, {}); }
    [[nodiscard]] Identity identity() const override { return {}; }

  private:
    struct Asked {
        Administer request;
        Done done;
        Time next{};
    };

    void answered(const AdministerAnswer& answer);

    std::string registry_;
    RequestId last_;
    std::map<RequestId, Asked> asked_;
    Effects effects_;
};

}  // namespace ringkv::local
