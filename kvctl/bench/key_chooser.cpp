#include "kvctl/bench/key_chooser.hpp"

#include <algorithm>
#include <cmath>

namespace ringkv::kvctl {
namespace {

constexpr std::uint64_t summed = 1000;  // terms of zeta that are added one by one

double sum_of_terms(std::uint64_t items, double theta) {
    double sum = 0;
    for (std::uint64_t i = items; i > 0; --i) sum += std::pow(static_cast<double>(i), -theta);
    return sum;
}

}  // namespace

std::optional<Distribution> distribution_named(std::string_view name) {
    if (name == "uniform") return Distribution::uniform;
    if (name == "zipfian") return Distribution::zipfian;
    if (name == "latest") return Distribution::latest;
    return std::nullopt;
}

double zeta(std::uint64_t items, double theta) {
    if (items <= summed) return sum_of_terms(items, theta);
    static const double first_of_zipfian = sum_of_terms(summed, Zipfian::theta);
    const double first = theta == Zipfian::theta ? first_of_zipfian : sum_of_terms(summed, theta);
    const auto from = static_cast<double>(summed);
    const auto to = static_cast<double>(items);
    const double integral = (std::pow(to, 1 - theta) - std::pow(from, 1 - theta)) / (1 - theta);
    const double at_ends = (std::pow(to, -theta) - std::pow(from, -theta)) / 2;
    const double slopes = -theta * (std::pow(to, -theta - 1) - std::pow(from, -theta - 1)) / 12;
    return first + integral + at_ends + slopes;
}

Zipfian::Zipfian(std::uint64_t items)
    : items_(items),
      zeta_(zeta(items, theta)),
      eta_((1 - std::pow(2.0 / static_cast<double>(items), 1 - theta)) / (1 - zeta(2, theta) / zeta_)) {}

std::uint64_t Zipfian::rank(double fraction) const {
    const double scaled = fraction * zeta_;
    if (scaled < 1) return 0;
    if (scaled < 1 + std::pow(0.5, theta)) return std::min<std::uint64_t>(1, items_ - 1);
    const double share = std::pow(eta_ * fraction - eta_ + 1, 1 / (1 - theta));
    return std::min(static_cast<std::uint64_t>(static_cast<double>(items_) * share), items_ - 1);
}

std::uint64_t scrambled(std::uint64_t rank) noexcept {
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (int byte = 0; byte < 8; ++byte) {
        hash = (hash ^ (rank & 0xFFU)) * 0x100000001B3U;
        rank >>= 8U;
    }
    return (hash >> 63U) != 0 ? ~hash + 1 : hash;
}

std::uint64_t KeyChooser::choose(Random& random, std::uint64_t readable) const {
    switch (distribution_) {
        case Distribution::uniform: break;
        case Distribution::zipfian: return scrambled(ranks_.rank(random.fraction())) % keys_;
        case Distribution::latest: return readable - 1 - Zipfian(readable).rank(random.fraction());
    }
    return random.next() % keys_;
}

}  // namespace ringkv::kvctl
