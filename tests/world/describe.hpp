// Messages as one short line, for traces: what a reader of a protocol story wants to know.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/messages.hpp"

namespace ringkv::simulation {

// How a node is called in the text.
using NameOfNode = std::function<std::string(NodeId)>;
[[nodiscard]] std::string number_of(NodeId node);

// "Prepare p0 v1 op 3..4 commit 2"
[[nodiscard]] std::string describe(const Message& message, const NameOfNode& name = number_of);
// "v2 primary=2 members=2,3"
[[nodiscard]] std::string describe(const View& view, const NameOfNode& name = number_of);
// "2,3"
[[nodiscard]] std::string describe(const std::vector<NodeId>& nodes, const NameOfNode& name = number_of);
// Printable bytes as they are, others as \xNN; cut at 40 bytes, with the length then.
[[nodiscard]] std::string quote(std::string_view bytes);

}  // namespace ringkv::simulation
