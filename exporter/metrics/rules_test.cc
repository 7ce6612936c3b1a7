// The value rules of single families: what is absent, what is 0, where cAdvisor is wrong.
#include <gtest/gtest.h>

#include "base/temp_tree.h"
#include "exporter/metrics/test_exposition.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using cgroupfs::Group;
using cgroupfs::GroupSet;
using Labels = std::map<std::string, std::string>;
using Unlimited = Limit<std::uint64_t>;

Exposition print(const Snapshot& snapshot, GroupSet groups = GroupSet::all()) {
  const TempTree tree;
  const auto proc = open_dir(tree.path().c_str());
  std::string out;
  write_text(out, snapshot, SelfStats(), *proc, {.groups = groups});
  Exposition parsed = parse_exposition(out);
  EXPECT_EQ(parsed.errors, std::vector<std::string>());
  return parsed;
}

Exposition print(SampleRow row, GroupSet groups = GroupSet::all()) {
  return print(*make_snapshot({std::move(row)}), groups);
}

SampleRow bare_row(const std::string& path = "/a") {
  SampleRow row;
  row.identity.cgroup = path;
  row.identity.display = path;
  return row;
}

TEST(SpecRules, LimitsAsCadvisorShowsThem) {
  SampleRow row = bare_row();
  row.sample.set(Field::kCpuQuota, 50'000'000);
  row.sample.set(Field::kCpuPeriod, 100'000'000);
  row.sample.set(Field::kCpuShares, 512);
  row.sample.set(Field::kMemoryLimit, 1'048'576);
  row.sample.set(Field::kMemoryMemswLimit, 2'097'152);
  row.sample.set(Field::kMemoryReservation, 4096);
  const Exposition text = print(std::move(row));
  EXPECT_EQ(text.value("container_spec_cpu_quota"), "50000");
  EXPECT_EQ(text.value("container_spec_cpu_period"), "100000");
  EXPECT_EQ(text.value("container_spec_cpu_shares"), "512");
  EXPECT_EQ(text.value("container_spec_memory_limit_bytes"), "1048576");
  EXPECT_EQ(text.value("container_spec_memory_swap_limit_bytes"), "2097152");
  EXPECT_EQ(text.value("container_spec_memory_reservation_limit_bytes"), "4096");
}

TEST(SpecRules, UnlimitedIsAbsentForQuotaAndZeroForMemory) {
  SampleRow row = bare_row();
  row.sample.set(Field::kCpuQuota, Unlimited::none());
  row.sample.set(Field::kMemoryLimit, Unlimited::none());
  row.sample.set(Field::kMemorySwapLimit, std::uint64_t{1} << 63U);
  const Exposition text = print(std::move(row));
  EXPECT_EQ(text.value("container_spec_cpu_quota"), std::nullopt);
  EXPECT_EQ(text.value("container_spec_memory_limit_bytes"), "0");
  EXPECT_EQ(text.value("container_spec_memory_swap_limit_bytes"), "0");
  EXPECT_EQ(text.value("container_spec_memory_reservation_limit_bytes"), std::nullopt);
}

TEST(SpecRules, WeightsBecomeTheSharesPeopleWrote) {
  for (const auto& [weight, shares] : {std::pair(100, "1024"), std::pair(59, "512"),
                                       std::pair(1, "2"), std::pair(10'000, "262144")}) {
    SampleRow row = bare_row();
    row.sample.set(Field::kCpuWeight, static_cast<std::uint64_t>(weight));
    EXPECT_EQ(print(std::move(row)).value("container_spec_cpu_shares"), shares);
  }
}

TEST(SpecRules, ReservationOnV2IsMemoryLow) {
  SampleRow row = bare_row();
  row.sample.set(Field::kMemoryLow, 8192);
  row.sample.set(Field::kMemoryMin, 4096);
  EXPECT_EQ(print(std::move(row)).value("container_spec_memory_reservation_limit_bytes"), "8192");
}

TEST(SpecRules, TheHostsLimitIsTheMachine) {
  SampleRow row = host_row();
  row.sample.set(Field::kMemoryLimit, Unlimited::none());
  const Exposition text = print(std::move(row));
  EXPECT_EQ(text.value("container_spec_memory_limit_bytes"), "16777216000");
  EXPECT_EQ(text.value("container_spec_memory_swap_limit_bytes"), "0");
}

TEST(SpecRules, UnknownMachineSaysNothingAboutItself) {
  const auto snapshot = make_snapshot({host_row()});
  snapshot->machine = std::make_shared<const MachineInfo>();
  const Exposition text = print(*snapshot);
  EXPECT_EQ(text.value("container_spec_memory_limit_bytes"), std::nullopt);
  EXPECT_EQ(text.value("machine_memory_bytes"), std::nullopt);
  EXPECT_EQ(text.value("machine_scrape_error"), "1");
}

TEST(LifeRules, TimesAreWholeSeconds) {
  SampleRow row = container_row("web", 2);
  row.identity.created = WallTime(std::chrono::milliseconds(1'600'000'000'900));
  row.identity.started.reset();
  const Exposition text = print(std::move(row));
  EXPECT_EQ(text.value("container_creation_time_seconds"), "1600000000");
  EXPECT_EQ(text.value("container_start_time_seconds"), "1600000000");
  EXPECT_EQ(print(container_row("web", 2)).value("container_start_time_seconds"), "1699990001");
}

TEST(LifeRules, HealthIsOfContainersOnly) {
  EXPECT_EQ(print(bare_row()).value("container_health_state"), std::nullopt);
  SampleRow row = container_row("web", 2);
  EXPECT_EQ(print(row).value("container_health_state"), "-1");
  row.identity.has_health_check = true;
  row.identity.health = inventory::Health::kHealthy;
  EXPECT_EQ(print(row).value("container_health_state"), "1");
  row.identity.health = inventory::Health::kUnhealthy;
  EXPECT_EQ(print(row).value("container_health_state"), "0");
}

TEST(LifeRules, TombstonesKeepLastSeenOnly) {
  const auto snapshot = make_snapshot({container_row("alive", 2)});
  const auto bury = [&](const std::string& path, std::int64_t seen) {
    auto identity = std::make_shared<inventory::Identity>();
    identity->cgroup = path;
    std::uint64_t collisions = 0;
    auto labels = std::make_shared<std::string>(render_labels(*identity, {}, collisions));
    snapshot->tombstones.push_back({identity, labels, seen});
  };
  bury("/gone", 1'600'000'000);
  bury("/again", 1'600'000'010);
  bury("/again", 1'600'000'020);
  bury("/again", 1'600'000'005);
  bury(snapshot->rows[0].identity->cgroup, 1'600'000'000);  // Lives again.
  const Exposition text = print(*snapshot);
  EXPECT_EQ(text.series("container_last_seen"), 3U);
  EXPECT_EQ(text.value("container_last_seen", {{"id", "/gone"}}), "1600000000");
  EXPECT_EQ(text.value("container_last_seen", {{"id", "/again"}}), "1600000020");
  EXPECT_EQ(text.value("container_last_seen", {{"name", "alive"}}), "1700000000");
  EXPECT_EQ(text.series("container_start_time_seconds"), 1U);
}

TEST(CpuRules, PerCpuReplacesTheTotal) {
  const Exposition per_cpu = print(container_row("web", 1));
  EXPECT_EQ(per_cpu.series("container_cpu_usage_seconds_total"), 2U);  // The idle core is left out.
  EXPECT_EQ(per_cpu.value("container_cpu_usage_seconds_total", {{"cpu", "cpu00"}}), "1.000000001");
  EXPECT_EQ(per_cpu.value("container_cpu_usage_seconds_total", {{"cpu", "cpu02"}}), "2.5");
  const Exposition total =
      print(container_row("web", 1), GroupSet::all().set(Group::kPercpu, false));
  EXPECT_EQ(total.value("container_cpu_usage_seconds_total", {{"cpu", "total"}}), "12.345678901");
}

TEST(CpuRules, ZeroIsAValue) {
  SampleRow row = bare_row();
  row.sample.set(Field::kCpuUsage, 0);
  EXPECT_EQ(print(std::move(row)).value("container_cpu_usage_seconds_total"), "0");
}

TEST(CpuRules, PeriodsOnlyWithAQuota) {
  SampleRow row = container_row("web", 2);
  EXPECT_EQ(print(row).series("container_cpu_cfs_throttled_seconds_total"), 1U);
  row.sample.set(Field::kCpuQuota, Unlimited::none());
  EXPECT_EQ(print(row).series("container_cpu_cfs_throttled_seconds_total"), 0U);
  EXPECT_EQ(print(row).series("container_cpu_cfs_periods_total"), 0U);
}

TEST(MemoryRules, FaultScopesOnV1AreReallyDifferent) {
  SampleRow row = container_row("web", 1);
  row.sample.set(Field::kMemoryPgfault, 10);
  row.sample.set(Field::kMemoryPgfaultTotal, 30);
  const Exposition text = print(std::move(row));
  const auto faults = [&](const char* scope) {
    return text.value("container_memory_failures_total",
                      {{"failure_type", "pgfault"}, {"scope", scope}});
  };
  EXPECT_EQ(faults("container"), "10");
  EXPECT_EQ(faults("hierarchy"), "30");
}

TEST(MemoryRules, FaultsOnV2AreOfTheSubtree) {
  SampleRow row = container_row("web", 2);
  row.sample.set(Field::kMemoryPgfault, 10);
  const Labels own{{"failure_type", "pgfault"}, {"scope", "container"}};
  const Labels all{{"failure_type", "pgfault"}, {"scope", "hierarchy"}};
  const Exposition leaf = print(row);
  EXPECT_EQ(leaf.value("container_memory_failures_total", own), "10");
  EXPECT_EQ(leaf.value("container_memory_failures_total", all), "10");
  row.sample.set(Field::kCgroupDescendants, 2);
  const Exposition parent = print(row);
  EXPECT_EQ(parent.value("container_memory_failures_total", own), std::nullopt);
  EXPECT_EQ(parent.value("container_memory_failures_total", all), "10");
}

TEST(MemoryRules, FailcntOnV2IsTheLimitEvent) {
  SampleRow row = bare_row();
  row.sample.set(Field::kMemoryEventsMax, 7);
  EXPECT_EQ(print(row).value("container_memory_failcnt"), "7");
  row.sample.set(Field::kMemoryEventsLocalMax, 5);
  EXPECT_EQ(print(row).value("container_memory_failcnt"), "5");
}

TEST(MemoryRules, OomKillsAreTheKernelsCount) {
  SampleRow row = bare_row();
  EXPECT_EQ(print(row).value("container_oom_events_total"), std::nullopt);
  row.sample.set(Field::kMemoryEventsOomKill, 3);
  EXPECT_EQ(print(row).value("container_oom_events_total"), "3");
  EXPECT_EQ(print(row).value("plimsoll_container_memory_events_total", {{"event", "oom_kill"}}),
            "3");
}

TEST(PressureRules, SomeIsWaitingAndFullIsStalled) {
  SampleRow row = bare_row();
  row.sample.set(Field::kPsiIoSome, 2'000'000'000);
  row.sample.set(Field::kPsiIoFull, 1'500'000'000);
  const Exposition text = print(std::move(row));
  EXPECT_EQ(text.value("container_pressure_io_waiting_seconds_total"), "2");
  EXPECT_EQ(text.value("container_pressure_io_stalled_seconds_total"), "1.5");
  EXPECT_EQ(text.value("container_pressure_cpu_waiting_seconds_total"), std::nullopt);
}

TEST(IoRules, DevicesHaveNamesOrNumbers) {
  SampleRow row = bare_row();
  row.sample.devices.resize(2);
  row.sample.devices[0].major = 7;
  row.sample.devices[0].minor = 3;
  row.sample.devices[0].read_bytes = 1;
  row.sample.devices[1].major = 254;
  row.sample.devices[1].minor = 1;
  row.sample.devices[1].read_bytes = 2;
  const auto snapshot = make_snapshot({std::move(row)});
  const Exposition text = print(*snapshot);
  EXPECT_EQ(text.value("container_fs_reads_bytes_total", {{"device", "7:3"}}), "1");
  EXPECT_EQ(text.value("container_fs_reads_bytes_total", {{"device", "/dev/vda1"}}), "2");
  EXPECT_EQ(text.value(
                "container_blkio_device_usage_total",
                {{"device", "/dev/vda1"}, {"major", "254"}, {"minor", "1"}, {"operation", "Read"}}),
            "2");
  EXPECT_EQ(text.series("container_blkio_device_usage_total"), 2U);  // Nothing else was counted.
  snapshot->block_devices.reset();
  EXPECT_EQ(print(*snapshot).value("container_fs_reads_bytes_total", {{"device", "254:1"}}), "2");
}

TEST(IoRules, DiskstatsAreTheHostsAndInSeconds) {
  const Exposition text = print(*make_snapshot({host_row(), container_row("web", 2)}));
  const Labels host{{"id", "/"}, {"device", "/dev/vda1"}};
  EXPECT_EQ(text.value("container_fs_read_seconds_total", host), "1.5");
  EXPECT_EQ(text.value("container_fs_sector_reads_total", host), "80000");
  EXPECT_EQ(text.series("container_fs_sector_reads_total"), 1U);
  EXPECT_EQ(text.value("container_fs_reads_total", host), "1000");
  EXPECT_EQ(text.value("container_fs_reads_total", {{"name", "web"}}), "10");
}

TEST(IoRules, ADeviceIsPrintedOnceThoughTwoSourcesHaveIt) {
  SampleRow row = host_row();
  row.sample.devices.resize(1);
  row.sample.devices[0].major = 254;
  row.sample.devices[0].minor = 1;  // /dev/vda1, as the file system.
  row.sample.devices[0].reads = 5;
  row.filesystems.push_back(row.filesystems[0]);  // Mounted twice.
  row.sample.devices[0].discard_bytes = 6;
  row.sample.devices[0].cost_wait_ns = 7'000'000'000;
  const Exposition text = print(std::move(row));
  const Labels device{{"device", "/dev/vda1"}};
  EXPECT_EQ(text.value("container_fs_reads_total", device), "1000");  // Diskstats know more.
  EXPECT_EQ(text.value("container_fs_reads_bytes_total", device), std::to_string(80'000 * 512));
  EXPECT_EQ(text.value("container_fs_io_cost_wait_seconds_total", device), "7");
  EXPECT_EQ(text.series("container_fs_usage_bytes"), 1U);
}

TEST(DiskRules, InodesAreOfTheFileSystem) {
  const Exposition text = print(container_row("web", 2));
  EXPECT_EQ(text.value("container_fs_inodes_total"), "655360");
  EXPECT_EQ(text.value("container_fs_inodes_free"), "600000");
  EXPECT_EQ(text.value("container_fs_usage_bytes", {{"device", "/dev/vda1"}}), "1048576");
  EXPECT_EQ(text.value("container_fs_limit_bytes"), "10737418240");
}

TEST(NetworkRules, ErrorsAreAbsentUntilRead) {
  SampleRow row = bare_row();
  row.interfaces.push_back({.name = "eth0", .rx_bytes = 5});
  row.interfaces.push_back({.name = "eth1", .rx_bytes = 6, .rx_errors = 0});
  const Exposition text = print(std::move(row));
  EXPECT_EQ(text.value("container_network_receive_bytes_total", {{"interface", "eth0"}}), "5");
  EXPECT_EQ(text.value("container_network_receive_errors_total", {{"interface", "eth0"}}),
            std::nullopt);
  EXPECT_EQ(text.value("container_network_receive_errors_total", {{"interface", "eth1"}}), "0");
  EXPECT_EQ(print(bare_row()).series("container_network_receive_bytes_total"), 0U);
}

TEST(OptionalRules, NumaCountsPages) {
  const Exposition text = print(container_row("web", 1));
  const Labels file{{"type", "file"}, {"scope", "container"}, {"node", "0"}};
  EXPECT_EQ(text.value("container_memory_numa_pages", file), "2");
  EXPECT_EQ(text.series("container_memory_numa_pages"), 6U);
}

TEST(OptionalRules, ThreadLimitIsZeroWithoutOne) {
  SampleRow row = bare_row();
  row.sample.set(Field::kPidsLimit, Unlimited::none());
  const Exposition text = print(row);
  EXPECT_EQ(text.value("container_threads_max"), "0");
  EXPECT_EQ(text.value("plimsoll_container_pids_limit"), std::nullopt);
}

TEST(InfoRules, OneSeriesPerContainerSaysTheRest) {
  SampleRow row = container_row("web", 2);
  row.identity.pod_name = "shop-0";
  row.identity.pod_namespace = "prod";
  row.identity.pod_container = "web";
  const Exposition text = print(*make_snapshot({row, bare_row(), host_row()}));
  EXPECT_EQ(text.series("plimsoll_container_info"), 1U);
  EXPECT_EQ(text.value("plimsoll_container_info", {{"runtime", "docker"},
                                                   {"runtime_id", row.identity.id},
                                                   {"pod", "shop-0"},
                                                   {"namespace", "prod"},
                                                   {"container", "web"},
                                                   {"compose_project", "shop"},
                                                   {"compose_service", "web"},
                                                   {"id", row.identity.cgroup}}),
            "1");
}

}  // namespace
}  // namespace plimsoll::exporter
