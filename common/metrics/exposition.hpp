// Writes a page of metrics in Prometheus' text format, version 0.0.4. Pure; thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/metrics/histogram.hpp"

namespace ringkv {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

class Exposition {
  public:
    // Names as the format has them; any value.
    using Labels = std::vector<std::pair<std::string_view, std::string>>;

    // All samples from here to the next family are of this one. Each name once. `help`: one line.
    void family(std::string_view name, MetricType type, std::string_view help);
    void sample(const Labels& labels, std::uint64_t value);
    void sample(const Labels& labels, double value);
    // In seconds: a bucket for each bound, the sum and the count.
    void sample(const Labels& labels, const LatencyHistogram& histogram);

    [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

  private:
    void write(std::string_view suffix, const Labels& labels, std::string_view bound, std::string_view value);

    std::string family_;
    std::string text_;
};

// "0.00001", "1.5", as short as it can be to be read as the same number.
[[nodiscard]] std::string number_text(double value);

}  // namespace ringkv
