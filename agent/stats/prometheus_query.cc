#include "agent/stats/prometheus_query.h"

#include <algorithm>
#include <string_view>

namespace plimsoll::agent {

namespace {

constexpr std::string_view kIdentities = "plimsoll_container_info|container_start_time_seconds";
constexpr std::string_view kValues =
    "container_cpu_usage_seconds_total|container_cpu_system_seconds_total"
    "|container_memory_working_set_bytes|container_spec_memory_limit_bytes"
    "|container_network_receive_bytes_total|container_network_transmit_bytes_total"
    "|container_fs_reads_bytes_total|container_fs_writes_bytes_total"
    "|plimsoll_container_pids|container_threads|plimsoll_container_pids_limit"
    "|container_threads_max|plimsoll_container_cpu_limit_cores|container_spec_cpu_quota"
    "|container_spec_cpu_period|plimsoll_container_oom_kills_total|container_oom_events_total";

std::string selector(std::string_view names, const ClusterQuery& query) {
  std::string text = "{__name__=~\"" + std::string(names) + "\",id!=\"\"";
  if (!query.all_cgroups) text += R"(,name!="")";
  return text + (query.match.empty() ? "" : "," + query.match) + "}";
}

std::string rate_of(std::string_view name, const ClusterQuery& query) {
  // A counter's series of one container: devices, interfaces, CPUs.
  return "sum by (job, instance, id) (irate(" + selector(name, query) + "[5m]))";
}

// Once for each container, also when two jobs scrape the same instance.
std::string stat(std::string_view word, const std::string& expression) {
  return "label_replace(max by (instance, id) (" + expression + "), \"" + kStatLabel + "\", \"" +
         std::string(word) + R"(", "", ""))";
}

std::string rates(const ClusterQuery& query) {
  return stat("cpu", rate_of("container_cpu_usage_seconds_total", query)) + " or " +
         stat("throttled", rate_of("container_cpu_cfs_throttled_periods_total", query) + " / " +
                               rate_of("container_cpu_cfs_periods_total", query)) +
         " or " + stat("psi_cpu", rate_of("container_pressure_cpu_waiting_seconds_total", query)) +
         " or " +
         stat("psi_memory", rate_of("container_pressure_memory_stalled_seconds_total", query)) +
         " or " + stat("psi_io", rate_of("container_pressure_io_stalled_seconds_total", query));
}

}  // namespace

std::array<std::string, 3> cluster_queries(const ClusterQuery& query) {
  const std::string machines = "machine_memory_bytes{" + query.match + "}";
  return {selector(kIdentities, query) + " or " + machines,
          "max by (__name__, instance, id) (sum by (__name__, job, instance, id) (" +
              selector(kValues, query) + "))",
          rates(query)};
}

std::string wanted_series(const ClusterQuery& query) {
  return selector(kIdentities, query);
}

Result<PrometheusUrl> parse_prometheus_url(const std::string& url) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kSecure = "https://";
  const auto refused = [&](const std::string& reason) {
    return invalid_input("--prometheus", reason + ": give http://HOST:PORT or https://HOST:PORT");
  };
  std::string_view rest = url;
  const bool secure = rest.starts_with(kSecure);
  if (secure)
    rest.remove_prefix(kSecure.size());
  else if (rest.starts_with(kPlain))
    rest.remove_prefix(kPlain.size());
  if (rest.contains('@'))  // Not shown again, for the same reason.
    return invalid_input("--prometheus",
                         "a password in it is seen by every user of this host: give --user with "
                         "--password-file, or --token-file");
  if (rest.find_first_of("?# \t\n") != std::string_view::npos || rest.contains("://"))
    return refused("'" + url + "'");
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  if (authority.empty()) return refused("'" + url + "'");
  std::string_view path = rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  const bool has_port = authority.rfind(':') != std::string_view::npos && !authority.ends_with(']');
  PrometheusUrl parsed;
  parsed.host = std::string(secure ? kSecure : kPlain) + std::string(authority);
  if (!has_port) parsed.host += secure ? ":443" : ":80";
  parsed.path = path;
  return parsed;
}

}  // namespace plimsoll::agent
