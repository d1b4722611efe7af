// What operators ask for, checked and done (messages.hpp: Administer).
#pragma once

#include "registry/publication.hpp"

namespace ringkv::registry {

// Does it, and answers when it is durable. Doing it again is done by that.
// Precondition: the cluster is formed.
void administer(Publication& publication, const Origin& from, const Administer& request);

// What the registry goes on with after a restart: what registry.yaml says, but for a pace that an operator changed
// and the file has not changed since.
[[nodiscard]] ClusterSettings resumed_settings(const ClusterSettings& kept, ClusterSettings configured);

}  // namespace ringkv::registry
