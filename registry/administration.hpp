// What operators ask for, checked and done (messages.hpp: Administer).
#pragma once

#include "registry/membership.hpp"
#include "registry/publication.hpp"

namespace ringkv::registry {

// Does it, and answers when it is durable. Doing it again is done by that.
// Precondition: the cluster is formed.
void administer(Time now, Publication& publication, Membership& membership, const Origin& from,
                const Administer& request);

// What the registry goes on with after a restart: what registry.yaml says, but for a pace that an operator changed
// and the file has not changed since.
[[nodiscard]] ClusterSettings resumed_settings(const ClusterSettings& kept, ClusterSettings configured);

}  // namespace ringkv::registry
