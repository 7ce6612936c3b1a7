#include "exporter/metrics/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "base/text.h"

namespace plimsoll::exporter {
namespace {

std::map<std::string_view, FamilyInfo> by_name() {
  std::map<std::string_view, FamilyInfo> all;
  for (const FamilyInfo& info : catalogue()) all.emplace(info.name, info);
  return all;
}

TEST(Catalogue, NamesEveryFamilyOnce) {
  EXPECT_EQ(by_name().size(), catalogue().size());
}

TEST(Catalogue, TextsAreOneLineThatNeedsNoEscaping) {
  for (const FamilyInfo& info : catalogue()) {
    EXPECT_FALSE(info.help.empty()) << info.name;
    EXPECT_TRUE(info.help.ends_with('.')) << info.name;
    for (const std::string_view text : {info.help, info.note, info.v1, info.v2})
      EXPECT_EQ(text.find_first_of("\n\\\""), std::string_view::npos) << info.name;
  }
}

// Names as promtool wants them; cAdvisor's exceptions are in promtool_allowlist.txt.
TEST(Catalogue, OwnNamesFollowTheConventions) {
  const std::regex name("(plimsoll|process)(_[a-z0-9]+)+");
  for (const FamilyInfo& info : catalogue()) {
    const std::string text(info.name);
    if (!text.starts_with("plimsoll_") && !text.starts_with("process_")) continue;
    EXPECT_TRUE(std::regex_match(text, name)) << text;
    EXPECT_EQ(text.ends_with("_total"), info.type == FamilyType::kCounter) << text;
    const std::string stem = text.substr(0, text.rfind("_total"));
    EXPECT_TRUE(info.unit.empty() || stem.ends_with("_" + std::string(info.unit))) << text;
  }
}

struct CadvisorFamily {
  const char* name;
  FamilyType type;
  const char* labels;
};

constexpr auto C = FamilyType::kCounter;
constexpr auto G = FamilyType::kGauge;

// cAdvisor v0.60.5: all families without a group and of the groups that are on by default, but
// perf_event and app, which need configuration there, too.
constexpr CadvisorFamily kCadvisor[] = {
    {"container_creation_time_seconds", G, ""},
    {"container_start_time_seconds", G, ""},
    {"container_spec_cpu_period", G, ""},
    {"container_spec_cpu_quota", G, ""},
    {"container_spec_cpu_shares", G, ""},
    {"container_spec_memory_limit_bytes", G, ""},
    {"container_spec_memory_swap_limit_bytes", G, ""},
    {"container_spec_memory_reservation_limit_bytes", G, ""},
    {"container_last_seen", G, ""},
    {"container_health_state", G, ""},
    {"container_scrape_error", G, ""},
    {"cadvisor_version_info", G,
     "kernelVersion,osVersion,dockerVersion,cadvisorVersion,cadvisorRevision"},
    {"container_cpu_user_seconds_total", C, ""},
    {"container_cpu_system_seconds_total", C, ""},
    {"container_cpu_usage_seconds_total", C, "cpu"},
    {"container_cpu_cfs_periods_total", C, ""},
    {"container_cpu_cfs_throttled_periods_total", C, ""},
    {"container_cpu_cfs_throttled_seconds_total", C, ""},
    {"container_cpu_cfs_burst_periods_total", C, ""},
    {"container_cpu_cfs_burst_seconds_total", C, ""},
    {"container_cpu_load_average_10s", G, ""},
    {"container_cpu_load_d_average_10s", G, ""},
    {"container_tasks_state", G, "state"},
    {"container_memory_cache", G, ""},
    {"container_memory_rss", G, ""},
    {"container_memory_kernel_usage", G, ""},
    {"container_memory_mapped_file", G, ""},
    {"container_memory_swap", G, ""},
    {"container_memory_failcnt", C, ""},
    {"container_memory_usage_bytes", G, ""},
    {"container_memory_max_usage_bytes", G, ""},
    {"container_memory_working_set_bytes", G, ""},
    {"container_memory_total_active_file_bytes", G, ""},
    {"container_memory_total_inactive_file_bytes", G, ""},
    {"container_memory_failures_total", C, "failure_type,scope"},
    {"container_memory_events_high_total", C, ""},
    {"container_memory_events_max_total", C, ""},
    {"container_memory_file_dirty_bytes", G, ""},
    {"container_memory_file_writeback_bytes", G, ""},
    {"container_memory_pgscan_total", C, ""},
    {"container_memory_pgsteal_total", C, ""},
    {"container_memory_workingset_refault_file_total", C, ""},
    {"container_memory_workingset_refault_anon_total", C, ""},
    {"container_fs_inodes_free", G, "device"},
    {"container_fs_inodes_total", G, "device"},
    {"container_fs_limit_bytes", G, "device"},
    {"container_fs_usage_bytes", G, "device"},
    {"container_fs_reads_bytes_total", C, "device"},
    {"container_fs_reads_total", C, "device"},
    {"container_fs_sector_reads_total", C, "device"},
    {"container_fs_reads_merged_total", C, "device"},
    {"container_fs_read_seconds_total", C, "device"},
    {"container_fs_writes_bytes_total", C, "device"},
    {"container_fs_writes_total", C, "device"},
    {"container_fs_sector_writes_total", C, "device"},
    {"container_fs_writes_merged_total", C, "device"},
    {"container_fs_write_seconds_total", C, "device"},
    {"container_fs_io_current", G, "device"},
    {"container_fs_io_time_seconds_total", C, "device"},
    {"container_fs_io_time_weighted_seconds_total", C, "device"},
    {"container_fs_io_cost_usage_seconds_total", C, "device"},
    {"container_fs_io_cost_wait_seconds_total", C, "device"},
    {"container_fs_io_cost_indebt_seconds_total", C, "device"},
    {"container_fs_io_cost_indelay_seconds_total", C, "device"},
    {"container_blkio_device_usage_total", C, "device,major,minor,operation"},
    {"container_network_receive_bytes_total", C, "interface"},
    {"container_network_receive_packets_total", C, "interface"},
    {"container_network_receive_packets_dropped_total", C, "interface"},
    {"container_network_receive_errors_total", C, "interface"},
    {"container_network_transmit_bytes_total", C, "interface"},
    {"container_network_transmit_packets_total", C, "interface"},
    {"container_network_transmit_packets_dropped_total", C, "interface"},
    {"container_network_transmit_errors_total", C, "interface"},
    {"container_oom_events_total", C, ""},
    {"container_pressure_cpu_stalled_seconds_total", C, ""},
    {"container_pressure_cpu_waiting_seconds_total", C, ""},
    {"container_pressure_memory_stalled_seconds_total", C, ""},
    {"container_pressure_memory_waiting_seconds_total", C, ""},
    {"container_pressure_io_stalled_seconds_total", C, ""},
    {"container_pressure_io_waiting_seconds_total", C, ""},
    // Off by default, collected when asked.
    {"container_hugetlb_failcnt", C, "pagesize"},
    {"container_hugetlb_usage_bytes", G, "pagesize"},
    {"container_hugetlb_max_usage_bytes", G, "pagesize"},
    {"container_memory_migrate", G, ""},
    {"container_memory_numa_pages", G, "type,scope,node"},
    {"container_processes", G, ""},
    {"container_threads", G, ""},
    {"container_threads_max", G, ""},
    {"machine_cpu_physical_cores", G, "machine_id,system_uuid,boot_id"},
    {"machine_cpu_cores", G, "machine_id,system_uuid,boot_id"},
    {"machine_cpu_sockets", G, "machine_id,system_uuid,boot_id"},
    {"machine_cpu_books", G, "machine_id,system_uuid,boot_id"},
    {"machine_cpu_drawers", G, "machine_id,system_uuid,boot_id"},
    {"machine_memory_bytes", G, "machine_id,system_uuid,boot_id"},
    {"machine_swap_bytes", G, "machine_id,system_uuid,boot_id"},
    {"machine_dimm_count", G, "machine_id,system_uuid,boot_id,type"},
    {"machine_dimm_capacity_bytes", G, "machine_id,system_uuid,boot_id,type"},
    {"machine_nvm_capacity", G, "machine_id,system_uuid,boot_id,mode"},
    {"machine_nvm_avg_power_budget_watts", G, "machine_id,system_uuid,boot_id"},
    {"machine_scrape_error", G, ""},
};

TEST(Catalogue, HasCadvisorsFamiliesWithTheirTypesAndLabels) {
  const auto ours = by_name();
  for (const CadvisorFamily& theirs : kCadvisor) {
    const auto found = ours.find(theirs.name);
    ASSERT_NE(found, ours.end()) << theirs.name;
    EXPECT_EQ(found->second.type, theirs.type) << theirs.name;
    EXPECT_EQ(found->second.labels, theirs.labels) << theirs.name;
  }
}

TEST(Catalogue, UsesCadvisorsPrefixesForItsFamiliesOnly) {
  std::set<std::string_view> theirs;
  for (const CadvisorFamily& family : kCadvisor) theirs.insert(family.name);
  for (const FamilyInfo& info : catalogue()) {
    const bool own = info.name.starts_with("plimsoll_") || info.name.starts_with("process_");
    EXPECT_NE(own, theirs.contains(info.name)) << info.name;
  }
}

// PLIMSOLL_SOURCE_DIR/docs/metrics.md is generated: `plimsoll_print_metrics --docs >
// docs/metrics.md`
TEST(Catalogue, IsTheDocumentation) {
  std::ifstream file(PLIMSOLL_SOURCE_DIR "/docs/metrics.md", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  ASSERT_FALSE(text.empty());
  std::string expected = catalogue_markdown();
  std::string_view rest = text;
  std::string_view want = expected;
  std::string_view line;
  std::string_view wanted;
  while (next_line(rest, line) && next_line(want, wanted)) ASSERT_EQ(line, wanted);
  EXPECT_EQ(text, expected) << "regenerate it: see the comment above this test";
}

}  // namespace
}  // namespace plimsoll::exporter
