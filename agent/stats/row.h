// One line of `plimsoll stats`, whoever sampled it. Both sources end here; everything after is a
// pure function of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/number.h"

namespace plimsoll::agent {

struct StatsRow {
  // Identity.
  std::string host;       // "" if it is the one that was asked; else as Prometheus names it.
  std::string id;         // Full; the path for bare cgroups.
  std::string name;       // Never empty.
  std::string runtime;    // inventory::name_of(Runtime)
  std::string image;      // "" if none.
  std::string cgroup;     // "/docker/<id>"
  std::string container;  // What the caller asked for: docker's {{.Container}}. The short id if
                          // nothing was asked.
  std::string compose_project, compose_service;
  std::string pod_name, pod_namespace, pod_container;
  std::vector<std::pair<std::string, std::string>> labels;
  bool is_container = false;  // As opposed to a slice, service or bare cgroup.
  bool sandbox = false;       // A pod's pause container.
  std::optional<WallTime> created;
  std::optional<WallTime> started;

  // Numbers; absent when this host does not offer them, or not yet (rates need two samples).
  std::optional<double> cpu_cores;                     // 1.0 = one CPU fully used.
  std::optional<std::uint64_t> cpu_ns, cpu_system_ns;  // Since the start.
  std::optional<std::uint64_t> memory;  // Usage less inactive file pages, as docker counts.
  std::optional<Limit<std::uint64_t>> memory_limit;
  std::optional<std::uint64_t> machine_memory;  // What an unlimited container may use.
  std::optional<std::uint64_t> net_rx, net_tx, block_read, block_write;
  std::optional<std::uint64_t> pids;
  std::optional<Limit<std::uint64_t>> pids_limit;
  std::optional<Limit<double>> cpu_limit;             // Cores: quota / period.
  std::optional<double> throttled;                    // Share of periods in the interval, 0..1.
  std::optional<double> psi_cpu, psi_memory, psi_io;  // Share of the interval stalled, 0..1.
  std::optional<std::uint64_t> oom_kills;

  bool operator==(const StatsRow&) const = default;
};

// One moment.
struct StatsFrame {
  WallTime time;
  std::vector<StatsRow> rows;
};

// The limit that counts: the container's own or the machine's memory, whichever is smaller.
[[nodiscard]] std::optional<std::uint64_t> effective_memory_limit(const StatsRow& row);
// 0..100 of that limit.
[[nodiscard]] std::optional<double> memory_percent(const StatsRow& row);
// Of one core, from the start until `now`.
[[nodiscard]] std::optional<double> average_cpu_percent(const StatsRow& row, WallTime now);

}  // namespace plimsoll::agent
