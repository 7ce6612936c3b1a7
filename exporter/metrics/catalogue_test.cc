#include "exporter/metrics/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "exporter/metrics/family.h"
#include "exporter/metrics/tested.h"

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

// (plimsoll|process)(_[a-z0-9]+)+
bool is_own_name(std::string_view name) {
  const std::size_t first = std::min(name.find('_'), name.size());
  if (name.substr(0, first) != "plimsoll" && name.substr(0, first) != "process") return false;
  bool after_underscore = false;
  for (const char c : name.substr(first)) {
    if (c == '_' && after_underscore) return false;
    if (c != '_' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
    after_underscore = c == '_';
  }
  return first < name.size() && !after_underscore;
}

// Names as promtool wants them; cAdvisor's exceptions are in promtool_allowlist.txt.
TEST(Catalogue, OwnNamesFollowTheConventions) {
  for (const FamilyInfo& info : catalogue()) {
    const std::string text(info.name);
    if (!text.starts_with("plimsoll_") && !text.starts_with("process_")) continue;
    EXPECT_TRUE(is_own_name(text)) << text;
    EXPECT_EQ(text.ends_with("_total"), info.type == FamilyType::kCounter) << text;
    const std::string stem = text.substr(0, text.rfind("_total"));
    EXPECT_TRUE(info.unit.empty() || stem.ends_with("_" + std::string(info.unit))) << text;
  }
}

struct CadvisorFamily {
  const char* name;
  FamilyType type;
  const char* labels;
  const char* group;
};

constexpr auto C = FamilyType::kCounter;
constexpr auto G = FamilyType::kGauge;

// cAdvisor v0.60.5, all of it, written down from its sources and not from our tables.
constexpr CadvisorFamily kCadvisor[] = {
    // no group (always)
    {"container_creation_time_seconds", G, "", "always"},
    {"container_start_time_seconds", G, "", "always"},
    {"container_spec_cpu_period", G, "", "always"},
    {"container_spec_cpu_quota", G, "", "always"},
    {"container_spec_cpu_shares", G, "", "always"},
    {"container_spec_memory_limit_bytes", G, "", "always"},
    {"container_spec_memory_swap_limit_bytes", G, "", "always"},
    {"container_spec_memory_reservation_limit_bytes", G, "", "always"},
    {"container_last_seen", G, "", "always"},
    {"container_health_state", G, "", "always"},
    {"container_scrape_error", G, "", "always"},
    {"cadvisor_version_info", G,
     "kernelVersion,osVersion,dockerVersion,cadvisorVersion,cadvisorRevision", "always"},
    // cpu (on)
    {"container_cpu_user_seconds_total", C, "", "cpu"},
    {"container_cpu_system_seconds_total", C, "", "cpu"},
    {"container_cpu_usage_seconds_total", C, "cpu", "cpu"},
    {"container_cpu_cfs_periods_total", C, "", "cpu"},
    {"container_cpu_cfs_throttled_periods_total", C, "", "cpu"},
    {"container_cpu_cfs_throttled_seconds_total", C, "", "cpu"},
    {"container_cpu_cfs_burst_periods_total", C, "", "cpu"},
    {"container_cpu_cfs_burst_seconds_total", C, "", "cpu"},
    // sched (off)
    {"container_cpu_schedstat_run_seconds_total", C, "", "sched"},
    {"container_cpu_schedstat_runqueue_seconds_total", C, "", "sched"},
    {"container_cpu_schedstat_run_periods_total", C, "", "sched"},
    // cpuLoad (on)
    {"container_cpu_load_average_10s", G, "", "cpuLoad"},
    {"container_cpu_load_d_average_10s", G, "", "cpuLoad"},
    {"container_tasks_state", G, "state", "cpuLoad"},
    // hugetlb (off)
    {"container_hugetlb_failcnt", C, "pagesize", "hugetlb"},
    {"container_hugetlb_usage_bytes", G, "pagesize", "hugetlb"},
    {"container_hugetlb_max_usage_bytes", G, "pagesize", "hugetlb"},
    // memory (on)
    {"container_memory_cache", G, "", "memory"},
    {"container_memory_rss", G, "", "memory"},
    {"container_memory_kernel_usage", G, "", "memory"},
    {"container_memory_mapped_file", G, "", "memory"},
    {"container_memory_swap", G, "", "memory"},
    {"container_memory_failcnt", C, "", "memory"},
    {"container_memory_usage_bytes", G, "", "memory"},
    {"container_memory_max_usage_bytes", G, "", "memory"},
    {"container_memory_working_set_bytes", G, "", "memory"},
    {"container_memory_total_active_file_bytes", G, "", "memory"},
    {"container_memory_total_inactive_file_bytes", G, "", "memory"},
    {"container_memory_failures_total", C, "failure_type,scope", "memory"},
    {"container_memory_events_high_total", C, "", "memory"},
    {"container_memory_events_max_total", C, "", "memory"},
    {"container_memory_file_dirty_bytes", G, "", "memory"},
    {"container_memory_file_writeback_bytes", G, "", "memory"},
    {"container_memory_pgscan_total", C, "", "memory"},
    {"container_memory_pgsteal_total", C, "", "memory"},
    {"container_memory_workingset_refault_file_total", C, "", "memory"},
    {"container_memory_workingset_refault_anon_total", C, "", "memory"},
    // cpuset (off)
    {"container_memory_migrate", G, "", "cpuset"},
    // memory_numa (off)
    {"container_memory_numa_pages", G, "type,scope,node", "memory_numa"},
    // disk (on)
    {"container_fs_inodes_free", G, "device", "disk"},
    {"container_fs_inodes_total", G, "device", "disk"},
    {"container_fs_limit_bytes", G, "device", "disk"},
    {"container_fs_usage_bytes", G, "device", "disk"},
    // diskIO (on)
    {"container_fs_reads_bytes_total", C, "device", "diskIO"},
    {"container_fs_reads_total", C, "device", "diskIO"},
    {"container_fs_sector_reads_total", C, "device", "diskIO"},
    {"container_fs_reads_merged_total", C, "device", "diskIO"},
    {"container_fs_read_seconds_total", C, "device", "diskIO"},
    {"container_fs_writes_bytes_total", C, "device", "diskIO"},
    {"container_fs_writes_total", C, "device", "diskIO"},
    {"container_fs_sector_writes_total", C, "device", "diskIO"},
    {"container_fs_writes_merged_total", C, "device", "diskIO"},
    {"container_fs_write_seconds_total", C, "device", "diskIO"},
    {"container_fs_io_current", G, "device", "diskIO"},
    {"container_fs_io_time_seconds_total", C, "device", "diskIO"},
    {"container_fs_io_time_weighted_seconds_total", C, "device", "diskIO"},
    {"container_fs_io_cost_usage_seconds_total", C, "device", "diskIO"},
    {"container_fs_io_cost_wait_seconds_total", C, "device", "diskIO"},
    {"container_fs_io_cost_indebt_seconds_total", C, "device", "diskIO"},
    {"container_fs_io_cost_indelay_seconds_total", C, "device", "diskIO"},
    {"container_blkio_device_usage_total", C, "device,major,minor,operation", "diskIO"},
    // network (on)
    {"container_network_receive_bytes_total", C, "interface", "network"},
    {"container_network_receive_packets_total", C, "interface", "network"},
    {"container_network_receive_packets_dropped_total", C, "interface", "network"},
    {"container_network_receive_errors_total", C, "interface", "network"},
    {"container_network_transmit_bytes_total", C, "interface", "network"},
    {"container_network_transmit_packets_total", C, "interface", "network"},
    {"container_network_transmit_packets_dropped_total", C, "interface", "network"},
    {"container_network_transmit_errors_total", C, "interface", "network"},
    // tcp (off)
    {"container_network_tcp_usage_total", G, "tcp_state", "tcp"},
    {"container_network_tcp6_usage_total", G, "tcp_state", "tcp"},
    // advtcp (off)
    {"container_network_advance_tcp_stats_total", G, "tcp_state", "advtcp"},
    // udp (off)
    {"container_network_udp6_usage_total", G, "udp_state", "udp"},
    {"container_network_udp_usage_total", G, "udp_state", "udp"},
    // process (off)
    {"container_processes", G, "", "process"},
    {"container_file_descriptors", G, "", "process"},
    {"container_sockets", G, "", "process"},
    {"container_threads_max", G, "", "process"},
    {"container_threads", G, "", "process"},
    {"container_ulimits_soft", G, "ulimit", "process"},
    // perf_event (on)
    {"container_perf_events_total", C, "cpu,event", "perf_event"},
    {"container_perf_events_scaling_ratio", G, "cpu,event", "perf_event"},
    {"container_perf_uncore_events_total", C, "socket,event,pmu", "perf_event"},
    {"container_perf_uncore_events_scaling_ratio", G, "socket,event,pmu", "perf_event"},
    // referenced_memory (off)
    {"container_referenced_bytes", G, "", "referenced_memory"},
    // resctrl (off)
    {"container_memory_bandwidth_bytes", G, "node_id", "resctrl"},
    {"container_memory_bandwidth_local_bytes", G, "node_id", "resctrl"},
    {"container_llc_occupancy_bytes", G, "node_id", "resctrl"},
    // oom_event (on)
    {"container_oom_events_total", C, "", "oom_event"},
    // pressure (on)
    {"container_pressure_cpu_stalled_seconds_total", C, "", "pressure"},
    {"container_pressure_cpu_waiting_seconds_total", C, "", "pressure"},
    {"container_pressure_memory_stalled_seconds_total", C, "", "pressure"},
    {"container_pressure_memory_waiting_seconds_total", C, "", "pressure"},
    {"container_pressure_io_stalled_seconds_total", C, "", "pressure"},
    {"container_pressure_io_waiting_seconds_total", C, "", "pressure"},
    // The machine.
    {"machine_cpu_physical_cores", G, "machine_id,system_uuid,boot_id", "always"},
    {"machine_cpu_cores", G, "machine_id,system_uuid,boot_id", "always"},
    {"machine_cpu_sockets", G, "machine_id,system_uuid,boot_id", "always"},
    {"machine_cpu_books", G, "machine_id,system_uuid,boot_id", "always"},
    {"machine_cpu_drawers", G, "machine_id,system_uuid,boot_id", "always"},
    {"machine_memory_bytes", G, "machine_id,system_uuid,boot_id", "always"},
    {"machine_swap_bytes", G, "machine_id,system_uuid,boot_id", "always"},
    {"machine_dimm_count", G, "machine_id,system_uuid,boot_id,type", "always"},
    {"machine_dimm_capacity_bytes", G, "machine_id,system_uuid,boot_id,type", "always"},
    {"machine_nvm_capacity", G, "machine_id,system_uuid,boot_id,mode", "always"},
    {"machine_nvm_avg_power_budget_watts", G, "machine_id,system_uuid,boot_id", "always"},
    {"machine_scrape_error", G, "", "always"},
    // cpu_topology (off)
    {"machine_cpu_cache_capacity_bytes", G,
     "machine_id,system_uuid,boot_id,node_id,core_id,type,level", "cpu_topology"},
    {"machine_thread_siblings_count", G, "machine_id,system_uuid,boot_id,node_id,core_id,thread_id",
     "cpu_topology"},
    {"machine_node_memory_capacity_bytes", G, "machine_id,system_uuid,boot_id,node_id",
     "cpu_topology"},
    {"machine_node_hugepages_count", G, "machine_id,system_uuid,boot_id,node_id,page_size",
     "cpu_topology"},
    {"machine_node_distance", G, "machine_id,system_uuid,boot_id,node_id,target_node_id",
     "cpu_topology"},
};
static_assert(std::size(kCadvisor) == 107 + 17);

TEST(Catalogue, HasCadvisorsFamiliesWithTheirTypesAndLabels) {
  const auto ours = by_name();
  for (const CadvisorFamily& theirs : kCadvisor) {
    const auto found = ours.find(theirs.name);
    ASSERT_NE(found, ours.end()) << theirs.name;
    EXPECT_EQ(found->second.type, theirs.type) << theirs.name;
    EXPECT_EQ(found->second.labels, theirs.labels) << theirs.name;
    EXPECT_EQ(group_word(found->second.group), theirs.group) << theirs.name;
  }
}

TEST(Catalogue, EveryFamilyIsCollected) {
  for (const FamilyTable& table : family_tables())
    for (const Family& family : table.families)
      EXPECT_NE(family.write, nullptr) << family.info.name;
}

TEST(Catalogue, ListIsATableWithTheSameColumnsOnEveryLine) {
  const std::string table = catalogue_table();
  std::string_view rest = table;
  std::string_view heading;
  ASSERT_TRUE(next_line(rest, heading));
  const std::size_t type = heading.find("TYPE");
  const std::size_t help = heading.find("HELP");
  std::string_view line;
  std::size_t lines = 0;
  for (; next_line(rest, line); ++lines) {
    EXPECT_EQ(line[type - 1], ' ') << line;
    EXPECT_NE(line[type], ' ') << line;
    EXPECT_NE(line[help], ' ') << line;
    EXPECT_TRUE(line.ends_with('.')) << line;
  }
  EXPECT_EQ(lines, catalogue().size());
}

TEST(Catalogue, ListIsJsonToo) {
  const nlohmann::json list = nlohmann::json::parse(catalogue_json(), nullptr, false);
  ASSERT_EQ(list.size(), catalogue().size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const FamilyInfo& info = catalogue()[i];
    const auto commas = static_cast<std::size_t>(std::ranges::count(info.labels, ','));
    EXPECT_EQ(list[i]["name"], info.name);
    EXPECT_EQ(list[i]["type"], name_of(info.type));
    EXPECT_EQ(list[i]["group"], group_word(info.group));
    EXPECT_EQ(list[i]["help"], info.help);
    EXPECT_EQ(list[i]["tested"], tested_on(info.name));
    EXPECT_EQ(list[i]["labels"].size(), info.labels.empty() ? 0 : 1 + commas);
  }
}

TEST(Catalogue, WhatWasNotTestedLiveIsAFamily) {
  EXPECT_TRUE(std::ranges::is_sorted(not_tested_live(), {}, &Tested::family));
  for (const Tested& tested : not_tested_live()) {
    EXPECT_NE(std::ranges::find(catalogue(), tested.family, &FamilyInfo::name), catalogue().end())
        << tested.family;
    EXPECT_EQ(tested_on(tested.family), tested.where);
  }
  EXPECT_EQ(tested_on("container_cpu_usage_seconds_total"), "");
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
  const std::string expected = catalogue_markdown();
  std::string_view rest = text;
  std::string_view want = expected;
  std::string_view line;
  std::string_view wanted;
  while (next_line(rest, line) && next_line(want, wanted)) ASSERT_EQ(line, wanted);
  EXPECT_EQ(text, expected) << "regenerate it: see the comment above this test";
}

}  // namespace
}  // namespace plimsoll::exporter
