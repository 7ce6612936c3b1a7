// Containers and their statistics in the shapes of each version of the API.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "exporter/cadvisor/go_json.h"
#include "exporter/cadvisor/spec.h"
#include "exporter/cadvisor/stat_point.h"
#include "exporter/collect/history.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// What a view of containers is made from.
struct ApiSource {
  const Snapshot& snapshot;
  const History* history = nullptr;
  ApiView view;
};

// v1 ContainerInfo: reference, direct subcontainers, spec, stats.
void write_container_info(GoJson& json, const ApiSource& source, std::size_t row,
                          const PointRange& range);

// The value of v2.0's stats for one container: an array of DeprecatedContainerStats.
void write_stats_v2_0(GoJson& json, const ApiSource& source, std::size_t row,
                      const std::vector<StatPoint>& points);
// ... of v2.1's: {"spec":{},"stats":[]}.
void write_stats_v2_1(GoJson& json, const ApiSource& source, std::size_t row,
                      const std::vector<StatPoint>& points);
// v2.1's machinestats: an array of MachineStats of the root's points; null without any.
void write_machine_stats(GoJson& json, const ApiSource& source,
                         const std::vector<StatPoint>& points, std::size_t root);

// "cpu_inst": nanocores between two points; nothing for the first, or when a counter went back.
void write_cpu_inst(GoJson& json, const StatPoint* before, const StatPoint& now);

}  // namespace plimsoll::exporter
