// The shortest useful client:  first_client tcp://127.0.0.1:7400
#include <iostream>
#include <ringkv/client.hpp>

int main(int count, char** arguments) {
    // The registry's endpoint, or that of any node: the client learns from it where each key lives.
    auto client = ringkv::Client::connect({.registries = {count > 1 ? arguments[1] : "tcp://127.0.0.1:7400"}});
    if (!client) {
        std::cerr << client.error() << '\n';
        return 1;
    }

    // When put() returns a version, the value is on every member of the key's partition. Nothing throws: each call
    // returns a Result, which is a value or an Error.
    auto version = client->put("user:1", "Ada");
    if (!version) {
        std::cerr << version.error() << '\n';
        return 1;
    }

    // A read always sees the newest acknowledged write. nullopt: there is no such key.
    auto found = client->get("user:1");
    if (!found || !*found) {
        std::cerr << "user:1 cannot be read\n";
        return 1;
    }
    std::cout << "user:1 is " << (*found)->value << '\n';
}
