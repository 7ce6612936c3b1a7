// The parts that ContainerStats of every version are put together from. Each writes its member (or
// nothing, where cAdvisor leaves it out).
#pragma once

#include <cstdint>

#include "exporter/cadvisor/go_json.h"
#include "exporter/cadvisor/spec.h"
#include "exporter/cadvisor/stat_point.h"

namespace plimsoll::exporter {

void write_cpu_stats(GoJson& json, const StatPoint& point);
void write_memory_stats(GoJson& json, const StatPoint& point, const ApiView& view);
void write_diskio_stats(GoJson& json, const StatPoint& point);
void write_hugetlb_stats(GoJson& json, const StatPoint& point);
void write_process_stats(GoJson& json, const StatPoint& point);
// v1's "filesystem" and v2.0's: an array with everything known of each.
void write_filesystem_stats(GoJson& json, const StatPoint& point, const ApiView& view);

enum class NetworkShape : std::uint8_t {
  kV1,  // The first interface's members stand in the object itself as well.
  kV2
};
void write_network_stats(GoJson& json, const StatPoint& point, const ApiView& view,
                         NetworkShape shape);

// Per-device and per-interface values are in the newest point; an older one has sums, which are
// enough when there is one device or one interface. Can this point say it?
[[nodiscard]] bool has_network_stats(const StatPoint& point);

}  // namespace plimsoll::exporter
