// scenarios [--rewrite] FILE...: runs each story; shows what differs from what it expects, or writes
// the outputs into the file. Exit code 1 if anything differs (or, with --rewrite, if a story is wrong or a bound was
// not kept).
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/scenarios/runner/runner.hpp"

namespace {

using ringkv::scenarios::Block;
using ringkv::scenarios::Runner;
using ringkv::scenarios::Story;

bool run(const std::string& path, bool rewrite) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) {
        std::cout << path << ": cannot be read\n";
        return false;
    }
    const auto story = Story::parse(text.str());
    if (!story) {
        std::cout << path << ": " << story.error().message() << '\n';
        return false;
    }
    Runner runner;
    std::vector<std::string> outputs;
    bool same = true;
    for (const Block& block : story->blocks) {
        outputs.push_back(runner.run(block));
        if (rewrite || outputs.back() == block.expected) continue;
        same = false;
        std::cout << path << ":" << block.line << ": " << block.commands.front() << '\n'
                  << ringkv::scenarios::diff(block.expected, outputs.back());
    }
    if (runner.failed()) std::cout << path << ": a command could not be carried out, or did not keep its bound\n";
    if (rewrite) std::ofstream(path) << story->with_outputs(outputs);
    return same && !runner.failed() && !story->blocks.empty();
}

}  // namespace

int main(int argc, char** argv) {
    bool rewrite = false;
    bool good = argc > 1;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--rewrite")
            rewrite = true;
        else
            good = run(argument, rewrite) && good;
    }
    if (!good) std::cout << "FAILED\n";
    return good ? 0 : 1;
}
