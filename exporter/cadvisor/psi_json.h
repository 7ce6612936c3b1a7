// cAdvisor's PSIStats: {"full":{"total":µs,"avg10":percent ...},"some":{...}}.
#pragma once

#include "cgroupfs/read/sample.h"
#include "exporter/cadvisor/go_json.h"
#include "exporter/cadvisor/stat_point.h"

namespace plimsoll::exporter {

// The member "psi" of a resource. A past point has no averages: history keeps the totals, whose
// differences say the same.
void write_psi(GoJson& json, const StatPoint& point, cgroupfs::PressureResource resource);

}  // namespace plimsoll::exporter
