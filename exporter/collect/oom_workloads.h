// Kills by workload since the exporter's start.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "exporter/collect/oom_workload.h"
#include "inventory/identity.h"

namespace plimsoll::exporter {

[[nodiscard]] OomWorkload workload_of(const inventory::Identity& identity);

class OomWorkloads {
 public:
  // From now on the container's workload has a count, 0 at first: a counter that is born with its
  // first kill shows no increase.
  void know(const inventory::Identity& identity) { add(identity, 0); }
  void add(const inventory::Identity& identity, std::uint64_t kills);
  // Sorted; the same object as long as nothing changed.
  [[nodiscard]] std::shared_ptr<const std::vector<OomWorkloadCount>> counts();

 private:
  std::map<OomWorkload, std::uint64_t> kills_;
  std::shared_ptr<const std::vector<OomWorkloadCount>> counts_;  // Null when out of date.
};

}  // namespace plimsoll::exporter
