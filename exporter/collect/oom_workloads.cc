#include "exporter/collect/oom_workloads.h"

namespace plimsoll::exporter {

namespace {
// A host on which every container has a name of its own must not make us grow for ever: what comes
// later is counted together.
constexpr std::size_t kMostWorkloads = 4096;
}  // namespace

OomWorkload workload_of(const inventory::Identity& identity) {
  OomWorkload workload;
  workload.runtime = name_of(identity.runtime);
  workload.image = identity.image;
  workload.pod_namespace = identity.pod_namespace;
  workload.container = identity.pod_container;
  // containerd's containers have no name but their id.
  if (identity.pod_name.empty() && identity.name != identity.id) workload.name = identity.name;
  return workload;
}

void OomWorkloads::add(const inventory::Identity& identity, std::uint64_t kills) {
  OomWorkload workload = workload_of(identity);
  auto at = kills_.find(workload);
  if (at == kills_.end()) {
    if (kills_.size() >= kMostWorkloads) workload = OomWorkload{.runtime = workload.runtime};
    at = kills_.try_emplace(std::move(workload), 0).first;
    counts_ = nullptr;
  }
  if (kills == 0) return;
  at->second += kills;
  counts_ = nullptr;
}

std::shared_ptr<const std::vector<OomWorkloadCount>> OomWorkloads::counts() {
  if (counts_) return counts_;
  auto counts = std::make_shared<std::vector<OomWorkloadCount>>();
  counts->reserve(kills_.size());
  for (const auto& [workload, kills] : kills_) counts->push_back({workload, kills});
  counts_ = std::move(counts);
  return counts_;
}

}  // namespace plimsoll::exporter
