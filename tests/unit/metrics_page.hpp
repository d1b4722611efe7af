// A page of metrics, read as Prometheus reads it; and the table of docs/metrics.md.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace ringkv::test {

struct MetricsPage {
    std::map<std::string, std::string> types;  // by name
    std::map<std::string, double> samples;     // by name with labels, as written

    [[nodiscard]] double at(const std::string& sample) const {
        const auto found = samples.find(sample);
        if (found == samples.end()) ADD_FAILURE() << "no sample " << sample;
        return found == samples.end() ? -1 : found->second;
    }
    // Of all whose name, and labels, begin so.
    [[nodiscard]] double sum(const std::string& beginning) const {
        double all = 0;
        for (const auto& [sample, value] : samples)
            if (sample.starts_with(beginning)) all += value;
        return all;
    }
};

inline std::string family_of(const MetricsPage& page, const std::string& name) {
    for (const std::string ending : {"_bucket", "_sum", "_count"}) {
        std::string family = name.substr(0, name.size() - std::min(name.size(), ending.size()));
        const auto type = page.types.find(family);
        if (name.ends_with(ending) && type != page.types.end() && type->second == "histogram") return family;
    }
    return name;
}

// Fails the test where the page is not as the format, and Prometheus' rules for names, want it.
inline MetricsPage read_page(const std::string& text) {
    static const std::regex sample(
        R"re(([a-z_][a-z0-9_]*)(\{[a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? ([-+0-9.eInf]+))re");
    static const std::regex head(R"(# (HELP|TYPE) ([a-z_][a-z0-9_]*) (.+))");
    MetricsPage page;
    EXPECT_TRUE(text.empty() || text.back() == '\n');
    std::istringstream lines(text);
    std::string current;
    std::set<std::string> helped;
    for (std::string line; std::getline(lines, line);) {
        std::smatch parts;
        if (std::regex_match(line, parts, head)) {
            current = parts[2];
            if (parts[1] == "HELP") {
                EXPECT_TRUE(helped.insert(current).second) << current << " stands twice";
                EXPECT_TRUE(parts[3].str().ends_with('.')) << line;
                continue;
            }
            EXPECT_TRUE(helped.contains(current)) << line;
            page.types[current] = parts[3];
            EXPECT_EQ(current.ends_with("_total"), parts[3] == "counter") << "a counter ends with _total: " << line;
            EXPECT_EQ(parts[3] == "histogram" && !current.ends_with("_seconds"), false) << "no unit: " << line;
            continue;
        }
        EXPECT_TRUE(std::regex_match(line, parts, sample)) << line;
        if (parts.size() < 4) continue;
        EXPECT_EQ(family_of(page, parts[1]), current) << "not among its family: " << line;
        EXPECT_TRUE(
            page.samples.emplace(parts[1].str() + parts[2].str(), std::strtod(parts[3].str().c_str(), nullptr)).second)
            << "stands twice: " << line;
    }
    return page;
}

// The metrics that docs/metrics.md has for that program ("node", "registry"), with their types. A row of its table:
//
//     | `ringkv_keys` | gauge | node | shard | what it means |
inline std::map<std::string, std::string> documented(const std::string& program) {
    static const std::regex row(
        R"(\| `([a-z_]+)` \| (counter|gauge|histogram) \| ([a-z, ]+) \| ([a-z, ]*) ?\| (.+) \|)");
    std::ifstream file(std::string(RINGKV_SOURCE_DIR) + "/docs/metrics.md");
    EXPECT_TRUE(file.is_open());
    std::map<std::string, std::string> metrics;
    for (std::string line; std::getline(file, line);) {
        std::smatch parts;
        if (!line.starts_with("| `") || line.starts_with("| `/")) continue;  // the other is the table of paths
        EXPECT_TRUE(std::regex_match(line, parts, row)) << "not a row as the test reads it: " << line;
        if (parts.size() < 6 || parts[3].str().find(program) == std::string::npos) continue;
        EXPECT_TRUE(metrics.emplace(parts[1], parts[2]).second) << parts[1] << " stands twice";
    }
    return metrics;
}

}  // namespace ringkv::test
