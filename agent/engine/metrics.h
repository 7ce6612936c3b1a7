// The engine's own metrics, for Prometheus. docs/engine.md lists them.
#pragma once

#include <string>

#include "base/clock.h"
#include "control/applier/policies.h"
#include "control/service/service.h"
#include "exporter/metrics/process_stats.h"

namespace plimsoll::agent {

// The engine as a program.
struct EngineProcess {
  std::string version;
  WallTime started;
  exporter::ProcessStats stats;
};

// After `begun`, which has other families. Pure.
[[nodiscard]] std::string engine_metrics(std::string begun, const EngineProcess& process,
                                         const control::ServiceCounts& service,
                                         const control::PolicyCounts& policies);

}  // namespace plimsoll::agent
