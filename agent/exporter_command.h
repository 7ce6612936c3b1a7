// `plimsoll exporter`: the read plane as a daemon. Composition only: everything it wires is made
// elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/etcd_setup.h"
#include "agent/exporter_privileges.h"
#include "agent/push_setup.h"
#include "base/log.h"
#include "exporter/collect/event_log.h"
#include "exporter/collect/sampler.h"
#include "exporter/metrics/text.h"
#include "exporter/web/metrics_endpoint.h"
#include "http/access.h"
#include "http/server.h"

namespace plimsoll::agent {

struct ExporterConfig {
  std::vector<std::string> listen_addresses;
  // cAdvisor's way to say it; used only when listen_addresses is empty.
  std::optional<std::string> listen_ip;
  std::optional<std::uint16_t> listen_port;
  std::string telemetry_path = "/metrics";
  std::string base_path;  // "", or "/stats": everything is served below it as well.
  exporter::SamplerConfig sampler;
  exporter::LabelOptions labels;
  // Path, age and the exporter's own metrics are the members below.
  exporter::MetricsOptions metrics;
  bool exporter_metrics = true;
  std::chrono::nanoseconds scrape_max_age = std::chrono::milliseconds(250);
  http::ServerLimits limits;
  exporter::EventLimits events;
  PushConfig push;
  EtcdConfig etcd;
  http::AccessOptions access;
  PrivilegeConfig privileges;
  log::Level log_level = log::Level::kInfo;
  exporter::Compat compat = exporter::Compat::kDefault;
  std::string list_metrics;           // "table" or "json": print the catalogue instead of serving.
  std::vector<std::string> warnings;  // About flags; logged when the exporter starts.
};

// Runs until SIGINT or SIGTERM. Returns the exit code: 0, or 1 with the reason on stderr.
[[nodiscard]] int run_exporter(ExporterConfig config);

// `--list-metrics`: prints the catalogue to stdout.
[[nodiscard]] int list_metrics(const ExporterConfig& config);

// Where to listen: what was given, else cAdvisor's flags (port 8080 unless it is given), else
// ":7546".
[[nodiscard]] std::vector<std::string> addresses_of(const ExporterConfig& config);

// Raises the soft RLIMIT_NOFILE to the hard one and derives how many files the reader may hold:
// what is left after the server's connections and a reserve.
[[nodiscard]] std::size_t held_file_budget(std::size_t connections);

}  // namespace plimsoll::agent
