// What `plimsoll stats --prometheus` asks: three instant queries, whatever the number of hosts.
// Pure.
//
// Source: prometheus.io/docs, querying/api and querying/basics. VictoriaMetrics understands them,
// too. Rates are irate(), which needs no knowledge of how often a job is scraped.
#pragma once

#include <array>
#include <string>

#include "base/error.h"

namespace plimsoll::agent {

struct ClusterQuery {
  bool all_cgroups = false;  // Else only series with a name, which is what containers have.
  std::string match;         // Further matchers, as inside {}: `job="plimsoll",zone=~"a|b"`.
};

// Who is there: a series for each container with all its labels, and the memory of each machine.
// How much: sums for each family, instance and id. How fast: the same, the label "stat" says what.
[[nodiscard]] std::array<std::string, 3> cluster_queries(const ClusterQuery& query);

// What was looked for, when nothing was found: `plimsoll_container_info{...}`.
[[nodiscard]] std::string wanted_series(const ClusterQuery& query);

// The label that says what a rate is of.
inline constexpr const char* kStatLabel = "plimsoll_stat";

struct PrometheusUrl {
  std::string host;  // As parse_remote() takes it: "https://host:443".
  std::string path;  // Before "/api/v1/query": "" or "/select/0/prometheus".
};

// "http://HOST:PORT/PATH"; no scheme is http, no port is the scheme's. kInvalidInput for anything
// else, above all a password in it.
[[nodiscard]] Result<PrometheusUrl> parse_prometheus_url(const std::string& url);

}  // namespace plimsoll::agent
