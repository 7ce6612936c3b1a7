// Where frames come from: an exporter, or this process sampling by itself.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "agent/stats/remote.h"
#include "agent/stats/row.h"
#include "base/clock.h"
#include "base/error.h"
#include "exporter/collect/sampler.h"

namespace plimsoll::agent {

// What the source must deliver; less is less work and less to transfer.
struct SourceOptions {
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  bool all_cgroups = false;  // Also units, slices, bare cgroups.
  bool once = false;         // One frame, then end.
};

class StatsSource {
 public:
  virtual ~StatsSource() = default;
  // Calls `on_frame` with a frame per interval until it returns false. The first frame has rates.
  [[nodiscard]] virtual Result<> run(const std::function<bool(StatsFrame)>& on_frame) = 0;
};

// Asks the exporter there. kNotOffered when nobody listens, kDenied when it wants to know who asks.
[[nodiscard]] std::unique_ptr<StatsSource> make_exporter_source(Remote remote,
                                                                SourceOptions options);

// Samples in this process. Fails when there is no cgroup tree. `clock` must outlive it.
[[nodiscard]] Result<std::unique_ptr<StatsSource>> make_sampler_source(
    exporter::SamplerConfig config, const Clock& clock, SourceOptions options);

}  // namespace plimsoll::agent
