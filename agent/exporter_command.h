// `plimsoll exporter`: the read plane as a daemon. Composition only: everything it wires is made
// elsewhere.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/exporter_privileges.h"
#include "agent/push_setup.h"
#include "base/log.h"
#include "exporter/collect/sampler.h"
#include "exporter/metrics/text.h"
#include "exporter/web/metrics_endpoint.h"
#include "http/access.h"
#include "http/server.h"

namespace plimsoll::agent {

struct ExporterConfig {
  std::vector<std::string> listen_addresses;  // Empty: ":7546".
  std::string telemetry_path = "/metrics";
  exporter::SamplerConfig sampler;
  exporter::LabelOptions labels;
  // Path, age and the exporter's own metrics are the members below.
  exporter::MetricsOptions metrics;
  bool exporter_metrics = true;
  std::chrono::nanoseconds scrape_max_age = std::chrono::milliseconds(250);
  http::ServerLimits limits;
  PushConfig push;
  http::AccessOptions access;
  PrivilegeConfig privileges;
  log::Level log_level = log::Level::kInfo;
};

// Runs until SIGINT or SIGTERM. Returns the exit code: 0, or 1 with the reason on stderr.
[[nodiscard]] int run_exporter(ExporterConfig config);

// Raises the soft RLIMIT_NOFILE to the hard one and derives how many files the reader may hold:
// what is left after the server's connections and a reserve.
[[nodiscard]] std::size_t held_file_budget(std::size_t connections);

}  // namespace plimsoll::agent
