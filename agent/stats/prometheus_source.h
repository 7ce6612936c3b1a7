// Frames of all hosts that a Prometheus, or a VictoriaMetrics, scrapes.
#pragma once

#include <memory>
#include <string>

#include "agent/stats/prometheus_query.h"
#include "agent/stats/remote.h"
#include "agent/stats/source.h"

namespace plimsoll::agent {

struct PrometheusRemote {
  Remote remote;
  std::string path;  // PrometheusUrl::path
  ClusterQuery query;
};

// Asks once for each frame. kNotOffered when nobody listens there, kDenied when it wants to know
// who asks, kRejected with the server's words, kGone when it has no series of ours.
[[nodiscard]] std::unique_ptr<StatsSource> make_prometheus_source(PrometheusRemote prometheus,
                                                                  SourceOptions options);

}  // namespace plimsoll::agent
