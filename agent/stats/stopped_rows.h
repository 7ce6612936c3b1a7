// Lines for containers that do not run, as `docker stats -a` has them: names without numbers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/stats/row.h"
#include "exporter/collect/sampler.h"
#include "inventory/kept.h"

namespace plimsoll::agent {

class StoppedRows {
 public:
  // Of the host that `config` looks at. Fails when its /proc cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<StoppedRows>> create(
      const exporter::SamplerConfig& config);

  // Adds those that are not in the frame.
  void add(StatsFrame& frame);
  // Directories with containers that we may not read.
  [[nodiscard]] const std::vector<std::string>& denied() const { return kept_.denied(); }

 private:
  StoppedRows(DirFd proc, inventory::InventoryOptions options)
      : proc_(std::move(proc)), kept_(proc_, std::move(options)) {}

  const DirFd proc_;
  inventory::KeptContainers kept_;
};

}  // namespace plimsoll::agent
