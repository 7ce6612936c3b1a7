// The engine's own metrics, for Prometheus. docs/engine.md lists them.
#pragma once

#include <string>

#include "control/applier/policies.h"
#include "control/service/service.h"

namespace plimsoll::agent {

// After `begun`, which has other families. Pure.
[[nodiscard]] std::string engine_metrics(std::string begun, const control::ServiceCounts& service,
                                         const control::PolicyCounts& policies);

}  // namespace plimsoll::agent
