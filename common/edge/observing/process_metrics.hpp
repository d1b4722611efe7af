// What the operating system and the build say of this process, as metrics; names are those of every Prometheus client.
#pragma once

#include "common/metrics/exposition.hpp"

namespace ringkv {

// Of the sources that this was built from; "unknown" where they were no git repository.
[[nodiscard]] std::string_view commit();

// What cannot be found out is left out.
void write_process(Exposition& page);

}  // namespace ringkv
