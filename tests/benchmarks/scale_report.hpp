// What scale_bench prints.
#pragma once

#include <string>
#include <vector>

#include "tests/benchmarks/scale_run.hpp"

namespace ringkv::benchmarks {

// A table: a line a figure, a column a size of cluster. Ends with what the goals say of it.
[[nodiscard]] std::string as_text(const std::vector<ScaleFigures>& figures);
// One document. Times in milliseconds, memory in bytes.
[[nodiscard]] std::string as_json(const std::vector<ScaleFigures>& figures);

}  // namespace ringkv::benchmarks
