#include "tests/linearizability/register.hpp"

namespace ringkv::linearizability {

namespace {

bool condition_holds(const Step& step, const Register& now) {
    // An erase that expects nothing to be there has nothing to erase.
    if (step.kind == Kind::compare_and_erase && !now.present()) return false;
    return now.version == step.expected;
}

}  // namespace

bool fits(const Step& step, const Register& now) {
    switch (step.outcome) {
        case Outcome::absent: return !now.present();
        case Outcome::condition_failed:
            return !condition_holds(step, now) && (!step.found || *step.found == now.version);
        case Outcome::not_applied:
        case Outcome::unknown: return true;
        case Outcome::done: break;
    }
    switch (step.kind) {
        case Kind::get: return now.present() && now.writer == step.writer;
        case Kind::put: return true;
        case Kind::erase: return now.present();
        case Kind::compare_and_set:
        case Kind::compare_and_erase: return condition_holds(step, now);
    }
    return false;
}

Register after(const Step& step, const Register&, Version version, Version last) {
    if (step.writer == no_call) return {no_call, 0, last};
    return {step.writer, version, last};
}

std::string describe(const Register& now, const History& history) {
    if (!now.present()) return "nothing";
    const std::string value = history[now.writer].value;
    if (now.version == anonymous) return value + ", of a version that no answer told";
    return value + ", version " + std::to_string(now.version);
}

}  // namespace ringkv::linearizability
