// Many writes under way at once:  pipeline tcp://127.0.0.1:7400 [HOW-MANY]
//
// A synchronous put() waits for a round trip to the key's primary, and that one for its backups. A program that has
// many independent writes need not wait for each: it starts some hundred, and whenever one is done it starts the
// next. Calls that are under way at the same time share messages, which is most of the gain.
//
// The number under way is bounded on purpose: without a bound a fast producer fills the client's memory, and the
// nodes answer "overloaded".
#include <cstdlib>
#include <deque>
#include <future>
#include <iostream>
#include <ringkv/client.hpp>
#include <string>

namespace {

constexpr std::size_t most_under_way = 256;

struct Outcomes {
    int done = 0;
    int not_applied = 0;
    int unknown = 0;  // may have been applied: a program that cares reads the key (counter.cpp)

    void count(const ringkv::Result<ringkv::Version>& result) {
        if (result)
            ++done;
        else if (result.error().maybe_applied())
            ++unknown;
        else
            ++not_applied;
    }
};

Outcomes write_all(ringkv::Client& client, int how_many) {
    Outcomes outcomes;
    std::deque<std::future<ringkv::Result<ringkv::Version>>> under_way;
    const auto wait_for_the_oldest = [&] {
        outcomes.count(under_way.front().get());
        under_way.pop_front();
    };
    for (int i = 0; i < how_many; ++i) {
        if (under_way.size() == most_under_way) wait_for_the_oldest();
        under_way.push_back(client.async_put("pipeline:" + std::to_string(i), "value " + std::to_string(i)));
    }
    while (!under_way.empty()) wait_for_the_oldest();
    return outcomes;
}

}  // namespace

int main(int count, char** arguments) {
    auto client = ringkv::Client::connect({.registries = {count > 1 ? arguments[1] : "tcp://127.0.0.1:7400"}});
    if (!client) {
        std::cerr << client.error() << '\n';
        return 1;
    }

    const Outcomes outcomes = write_all(*client, count > 2 ? std::atoi(arguments[2]) : 10000);
    std::cout << outcomes.done << " written, " << outcomes.not_applied << " not applied, " << outcomes.unknown
              << " unknown\n";
    return outcomes.not_applied + outcomes.unknown == 0 ? 0 : 1;
}
