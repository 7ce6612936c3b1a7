// cAdvisor's --perf_events_config: which performance events are counted.
//   {"core": {"events": ["instructions", ["cycles", "branch-misses"]],
//             "custom_events": [{"type": 4, "config": ["0x5300c0"], "name": "inst_retired"}]},
//    "uncore": {"events": ["uncore_imc/cas_count_read"], "custom_events": []}}
// An inner list is a group: counted together or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "exporter/collect/perf_config.h"

namespace plimsoll::agent {

// kInvalidInput says where in the document, and what is wrong.
[[nodiscard]] Result<exporter::PerfConfig> parse_perf_events_config(std::string_view json);
[[nodiscard]] Result<exporter::PerfConfig> read_perf_events_config(const std::string& path);

}  // namespace plimsoll::agent
