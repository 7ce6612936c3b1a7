#include "exporter/metrics/tested.h"

#include <algorithm>

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kMadeUp = "made-up tree";
constexpr std::string_view kRecorded = "recorded tree";
constexpr std::string_view kV2Live = "live on v2; v1: made-up tree";
constexpr std::string_view kHostLive = "live for the host; containers (BFQ): made-up tree";
constexpr std::string_view kOneNode = "live with one node; several: made-up tree";
constexpr std::string_view kSoftwareLive =
    "live with software events; those of hardware: made-up answers";

constexpr Tested kTested[] = {
    {"container_fs_io_cost_indebt_seconds_total", kMadeUp},
    {"container_fs_io_cost_indelay_seconds_total", kMadeUp},
    {"container_fs_io_cost_usage_seconds_total", kMadeUp},
    {"container_fs_io_cost_wait_seconds_total", kMadeUp},
    {"container_fs_io_current", kHostLive},
    {"container_fs_io_time_seconds_total", kHostLive},
    {"container_fs_read_seconds_total", kHostLive},
    {"container_fs_reads_merged_total", kHostLive},
    {"container_fs_write_seconds_total", kHostLive},
    {"container_fs_writes_merged_total", kHostLive},
    {"container_hugetlb_failcnt", kV2Live},
    {"container_hugetlb_max_usage_bytes", kMadeUp},
    {"container_hugetlb_usage_bytes", kV2Live},
    {"container_llc_occupancy_bytes", kMadeUp},
    {"container_memory_bandwidth_bytes", kMadeUp},
    {"container_memory_bandwidth_local_bytes", kMadeUp},
    {"container_memory_migrate", kRecorded},
    {"container_memory_numa_pages", kOneNode},
    {"container_perf_events_scaling_ratio", kSoftwareLive},
    {"container_perf_events_total", kSoftwareLive},
    {"container_perf_uncore_events_scaling_ratio", kMadeUp},
    {"container_perf_uncore_events_total", kMadeUp},
    {"machine_cpu_books", kMadeUp},
    {"machine_cpu_drawers", kMadeUp},
    {"machine_dimm_capacity_bytes", kMadeUp},
    {"machine_dimm_count", kMadeUp},
    {"machine_node_distance", kOneNode},
    {"machine_node_memory_capacity_bytes", kOneNode},
    {"machine_nvm_capacity", kMadeUp},
    {"plimsoll_container_cpu_forced_idle_seconds_total", kMadeUp},
    {"plimsoll_container_cpu_local_throttled_seconds_total", kRecorded},
    {"plimsoll_container_cpu_nice_seconds_total", kRecorded},
    {"plimsoll_container_hugetlb_limit_bytes", kV2Live},
    {"plimsoll_container_memory_numa_bytes", kOneNode},
    {"plimsoll_container_pressure_irq_stalled_seconds_total", kMadeUp},
    {"plimsoll_container_swap_events_total", kRecorded},
    {"plimsoll_container_swap_peak_bytes", kMadeUp},
    {"plimsoll_container_zswap_limit_bytes", kMadeUp},
};

}  // namespace

std::span<const Tested> not_tested_live() {
  return kTested;
}

std::string_view tested_on(std::string_view family) {
  const auto* const found = std::ranges::lower_bound(kTested, family, {}, &Tested::family);
  return found != std::end(kTested) && found->family == family ? found->where : std::string_view();
}

}  // namespace plimsoll::exporter
