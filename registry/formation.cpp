#include "registry/formation.hpp"

#include "common/check.hpp"
#include "registry/join_rules.hpp"

namespace ringkv::registry {

Formation::Formation(RegistryOptions options, const Placement& placement, Uuid cluster, Publication& publication)
    : options_(std::move(options)), placement_(placement), cluster_(cluster), publication_(publication) {
    RINGKV_CHECK(options_.form_with > 0, "a cluster has at least one node");
}

// Another node that claims the same name, address or storage. A start of the same name and address, or on the
// same storage, is the same node again.
const Formation::Joiner* Formation::rival_of(const Join& join) const {
    for (const auto& [name, joiner] : joiners_) {
        const Join& other = joiner.join;
        const bool same_address = shared_endpoint(other.endpoints, join.endpoints) != nullptr;
        const bool same_storage = other.storage == join.storage;
        if (name == join.name ? !same_address && !same_storage : same_address || same_storage) return &joiner;
    }
    return nullptr;
}

void Formation::join(Time now, const Origin& from, const Join& join) {
    if (const Joiner* rival = rival_of(join); rival != nullptr) {
        const std::string text = join.name + " at " + join.endpoints.front() +
                                 " claims a name, endpoint or storage that " + rival->join.name + " at " +
                                 rival->join.endpoints.front() +
                                 " has; give each node its own name, listen and data_dir";
        return publication_.refuse_join(now, from, join, true, text);
    }
    const auto found = joiners_.find(join.name);
    const bool fresh = found == joiners_.end();
    if (fresh && joiners_.size() >= max_nodes)
        return publication_.refuse_join(now, from, join, true, "there are too many nodes already");
    if (!fresh && found->second.join.start > join.start && found->second.join.storage == join.storage)
        return;  // of an older start
    joiners_[join.name] = {join, from, now};
    if (fresh) {
        newest_ = now;
        publication_.log(LogLevel::info,
                         join.name + " waits for the cluster to form: " + std::to_string(joiners_.size()) + " of " +
                             std::to_string(options_.form_with),
                         {{"node", join.name}, {"rack", join.rack}, {"address", join.endpoints.front()}});
    }
    publication_.send(from, JoinWaiting{static_cast<std::uint32_t>(joiners_.size()), options_.form_with});
}

bool Formation::ready(Time now) const {
    return joiners_.size() >= options_.form_with && now - newest_ >= options_.quiet;
}

bool Formation::tick(Time now) {
    std::erase_if(joiners_, [&](const auto& entry) { return now - entry.second.heard > options_.forget_joiner; });
    if (!ready(now)) return false;
    form();
    return true;
}

void Formation::form() {
    ClusterSettings settings = options_.settings;
    settings.id = cluster_;
    settings.configured_pace = settings.pace;
    publication_.put(settings);

    std::vector<Candidate> candidates;
    NodeId id;
    for (const auto& [name, joiner] : joiners_) {
        id = id.next();
        candidates.push_back({id, name, joiner.join.rack, joiner.join.weight});
        publication_.put(to_node(id, joiner.join));
        publication_.welcome(joiner.from, id);
    }
    const auto targets = placement_.place(candidates, {}, settings.partitions, settings.replication);
    RINGKV_CHECK(targets.size() == settings.partitions, "a placement is of every partition");
    const ViewId first{Generation(1), ViewNumber(1)};
    for (std::uint32_t partition = 0; partition < settings.partitions; ++partition) {
        const std::vector<NodeId>& target = targets[partition];
        RINGKV_CHECK(!target.empty(), "every partition has a holder");
        publication_.put(PartitionId(partition), {View{first, first, target.front(), target, false}, target, {}});
    }
    publication_.log_when_durable(LogLevel::info, "the cluster is formed",
                                  {{"cluster", settings.cluster},
                                   {"id", settings.id.to_string()},
                                   {"nodes", std::to_string(candidates.size())},
                                   {"partitions", std::to_string(settings.partitions)}});
    joiners_.clear();
}

}  // namespace ringkv::registry
