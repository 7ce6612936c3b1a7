// Members of ContainerStats whose groups are off by default, or that need configuration. Only the
// newest point has them; what nobody measured is what cAdvisor prints then.
#pragma once

#include <string_view>

#include "exporter/cadvisor/go_json.h"
#include "exporter/cadvisor/spec.h"
#include "exporter/cadvisor/stat_point.h"

namespace plimsoll::exporter {

// "task_stats": zeros without --enable_load_reader.
void write_load_stats(GoJson& json, const StatPoint& point, std::string_view name);
// tcp, tcp6, udp, udp6 and tcp_advanced: of who owns the network namespace. Of others, and with the
// groups off, empty objects; under strict, zeros.
void write_socket_stats(GoJson& json, const StatPoint& point, const ApiView& view);
// perf_stats, and of the host perf_uncore_stats.
void write_perf_stats(GoJson& json, const StatPoint& point);
void write_referenced_memory(GoJson& json, const StatPoint& point);
void write_resctrl_stats(GoJson& json, const StatPoint& point);

}  // namespace plimsoll::exporter
