// Frames and records as another build of ours would have written them: the rules of docs/protocol.md, section 2, from
// the writer's side.
//
//   newer   every struct and message has one field more, at its end; the header has, too; and there are messages
//           of a type that is not known here
//   older   every struct and message ends with the last field that is not at its default, as if the build did
//           not know the others
#pragma once

#include <cstdint>
#include <string>

#include "common/records.hpp"

namespace ringkv::compatibility {

enum class Build : std::uint8_t { same, newer, older };

// Bytes that are no frame are given back as they are.
[[nodiscard]] std::string frame_of(Build build, std::string frame);
[[nodiscard]] std::string record_of(Build build, const StorageRecord& record);

}  // namespace ringkv::compatibility
