// The sampler on the bench's groups: a tick every second.
#pragma once

#include <string>

#include "bench/bench_host.h"
#include "exporter/collect/sampler.h"

namespace plimsoll::bench {

// `root`: a cgroup root where only the host's groups are.
[[nodiscard]] exporter::SamplerConfig config_for(const std::string& root);
void bench_ticks(const BenchHost& host, const std::string& root);

}  // namespace plimsoll::bench
