// /validate/: what this host offers for measuring, in plain text for people.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "exporter/cadvisor/machine_facts.h"
#include "exporter/collect/mounts.h"
#include "exporter/collect/self.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

struct ValidateView {
  const Snapshot& snapshot;
  const SelfStats& self;
  const MachineFacts& facts;
  std::vector<Mount> mounts;
  std::string version;
};
[[nodiscard]] std::string validation_report(const ValidateView& view);

}  // namespace plimsoll::exporter
