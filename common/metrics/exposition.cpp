#include "common/metrics/exposition.hpp"

#include <array>
#include <charconv>

namespace ringkv {
namespace {

std::string_view word_of(MetricType type) {
    switch (type) {
        case MetricType::counter: return "counter";
        case MetricType::gauge: return "gauge";
        case MetricType::histogram: return "histogram";
    }
    return "untyped";
}

void write_escaped(std::string& text, std::string_view value) {
    for (const char character : value) {
        if (character == '\n') {
            text += "\\n";
            continue;
        }
        if (character == '\\' || character == '"') text += '\\';
        text += character;
    }
}

double seconds_of(Duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

std::string number_text(double value) {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.begin(), buffer.end(), value);
    return {buffer.begin(), end.ptr};
}

void Exposition::family(std::string_view name, MetricType type, std::string_view help) {
    family_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help);
    text_.append("\n# TYPE ").append(name).append(" ").append(word_of(type)).append("\n");
}

void Exposition::write(std::string_view suffix, const Labels& labels, std::string_view bound, std::string_view value) {
    text_.append(family_).append(suffix);
    char before = '{';
    const auto label = [&](std::string_view name, std::string_view content) {
        text_ += std::exchange(before, ',');
        text_.append(name).append("=\"");
        write_escaped(text_, content);
        text_ += '"';
    };
    for (const auto& [name, content] : labels) label(name, content);
    if (!bound.empty()) label("le", bound);
    if (before == ',') text_ += '}';
    text_.append(" ").append(value).append("\n");
}

void Exposition::sample(const Labels& labels, std::uint64_t value) {
    write("", labels, "", std::to_string(value));
}

void Exposition::sample(const Labels& labels, double value) {
    write("", labels, "", number_text(value));
}

void Exposition::sample(const Labels& labels, const LatencyHistogram& histogram) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
        all += histogram.counts()[i];
        const bool last = i == LatencyHistogram::bounds.size();
        write("_bucket", labels, last ? "+Inf" : number_text(seconds_of(LatencyHistogram::bounds.at(i))),
              std::to_string(all));
    }
    write("_sum", labels, "", number_text(seconds_of(histogram.sum())));
    write("_count", labels, "", std::to_string(all));
}

}  // namespace ringkv
