// Before there is a cluster: nodes gather, and once enough are there and no new one came for a while, the
// first map is made: cluster id, node ids in order of name, first views. It happens once (protocol.md, R2).
#pragma once

#include <map>
#include <string>

#include "common/placement/placement.hpp"
#include "registry/publication.hpp"
#include "registry/settings.hpp"

namespace ringkv::registry {

class Formation {
  public:
    // References are kept. `cluster` becomes the cluster's id.
    Formation(RegistryOptions options, const Placement& placement, Uuid cluster, Publication& publication);

    // Precondition: objection_to(join) is none; the cluster is not formed. Joiners repeat themselves.
    void join(Time now, const Origin& from, const Join& join);
    // Forgets joiners that went silent; forms the cluster when it is time. True in the turn it did.
    bool tick(Time now);

  private:
    struct Joiner {
        Join join;
        Origin from;
        Time heard;
    };

    [[nodiscard]] const Joiner* rival_of(const Join& join) const;
    [[nodiscard]] bool ready(Time now) const;
    void form();

    RegistryOptions options_;
    const Placement& placement_;
    Uuid cluster_;
    Publication& publication_;
    std::map<std::string, Joiner> joiners_;  // by name
    Time newest_;                            // when a name came that was not there
};

}  // namespace ringkv::registry
