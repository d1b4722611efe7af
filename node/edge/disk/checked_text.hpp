// A few facts in a small file: lines of text that a person can read, with a checksum in the last one. Replaced as one
// step. Facts that a reader does not know are left to it: an older release reads what a newer one wrote, if the
// format is the same.
//
//     ringkv-node 1
//     name n1
//     shards 2
//     checksum 51b9ea5ef0f2a2c1
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/ids.hpp"
#include "node/edge/disk/files.hpp"

namespace ringkv {

// By name; a value has no line break in it.
using Facts = std::map<std::string, std::string>;

// `kind`: the first word of the file. Errors: as the folder's.
[[nodiscard]] Result<void> write_facts(DiskFolder& folder, const std::string& name, const std::string& kind,
                                       const Facts& facts);
// None: there is no such file. Errors: storage, the file is damaged, or of a newer release.
[[nodiscard]] Result<std::optional<Facts>> read_facts(DiskFolder& folder, const std::string& name,
                                                      const std::string& kind);

// Of a fact that is there and a number; none: it is not.
[[nodiscard]] std::optional<std::uint64_t> number_of(const Facts& facts, const std::string& name);
[[nodiscard]] std::optional<Uuid> uuid_of(const Facts& facts, const std::string& name);

}  // namespace ringkv
