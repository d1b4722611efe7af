// A scan over all partitions: several are read ahead, and handed out one after the other.
#pragma once

#include "client/edge/runtime.hpp"

namespace ringkv {

// As Client::scan, but reads as `stale` says. Not on the runtime's own thread.
Result<std::size_t> run_scan(ClientRuntime& runtime, std::string_view prefix, const ScanOptions& options,
                             const std::optional<StaleRead>& stale, const std::function<bool(const KeyValue&)>& each);

}  // namespace ringkv
