// nemesis_client DEADLINE_MS ENDPOINT...: one client of the nemesis in a process of its own (nemesis_caller.hpp).
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tests/cluster/nemesis_caller.hpp"

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const long deadline = words.empty() ? 0 : std::strtol(words.front().c_str(), nullptr, 10);
    if (words.size() < 2 || deadline <= 0) {
        std::cerr << "usage: nemesis_client DEADLINE_MS ENDPOINT...\n";
        return 2;
    }
    return ringkv::testing::answer_calls({words.begin() + 1, words.end()}, std::chrono::milliseconds(deadline));
}
