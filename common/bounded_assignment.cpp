#include "common/bounded_assignment.hpp"

#include <algorithm>

#include "common/check.hpp"

namespace ringkv {

BoundedAssignment::BoundedAssignment(std::vector<double> weights, std::vector<std::uint32_t> bounds)
    : weights_(std::move(weights)), bounds_(std::move(bounds)), holders_(bounds_.size()), steps_(bounds_.size()) {}

void BoundedAssignment::assign(Partition partition, Node held, Node taken) {
    if (held != nobody) {
        std::vector<Partition>& held_by = holders_[held];
        held_by.erase(std::find(held_by.begin(), held_by.end(), partition));
    }
    holders_[taken].push_back(partition);
    assigned(partition, held, taken);
}

void BoundedAssignment::augment(Partition partition) {
    while (!search(partition)) raise_bounds_of_reached();
}

void BoundedAssignment::reach(Node node, Partition partition, Node held) {
    if (steps_[node].reached) return;
    steps_[node] = {true, partition, held};
    queue_.push_back(node);
    if (roomy_ == nobody && !full(node)) roomy_ = node;
}

bool BoundedAssignment::search(Partition partition) {
    std::fill(steps_.begin(), steps_.end(), Step{});
    queue_.clear();
    roomy_ = nobody;
    begin_search();
    propose(partition, nobody);
    for (std::size_t next = 0; next < queue_.size() && roomy_ == nobody; ++next)
        for (const Partition holder : holders_[queue_[next]]) {
            propose(holder, queue_[next]);
            if (roomy_ != nobody) break;
        }
    if (roomy_ == nobody) return false;
    // Moves every link of the chain on by one, from its end.
    for (Node node = roomy_; node != nobody;) {
        const Step step = steps_[node];
        assign(step.partition, step.held, node);
        node = step.held;
    }
    return true;
}

void BoundedAssignment::raise_bounds_of_reached() {
    RINGKV_CHECK(!queue_.empty(), "a partition can always take another node");
    // These nodes are full, and what they hold can go only to each other: together they must take more.
    const auto level_above = [this](Node node) { return (bounds_[node] + 1) / weights_[node]; };
    double lowest = level_above(queue_.front());
    for (const Node node : queue_) lowest = std::min(lowest, level_above(node));
    // In steps of at most 1 %, and all that are within 1 % at once: few searches even where much is uneven.
    for (const Node node : queue_)
        if (level_above(node) <= lowest * 1.01) bounds_[node] += 1 + bounds_[node] / 128;
}

}  // namespace ringkv
