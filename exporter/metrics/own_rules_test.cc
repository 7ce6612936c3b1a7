// The value rules of the families beyond cAdvisor's.
#include <gtest/gtest.h>

#include "base/temp_tree.h"
#include "exporter/metrics/test_exposition.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using cgroupfs::GroupSet;
using cgroupfs::MemoryKey;
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

SampleRow bare_row() {
  SampleRow row;
  row.identity.cgroup = "/a";
  row.identity.display = "/a";
  return row;
}

TEST(LimitRules, UnlimitedIsAbsentAndSoIsAProtectionOfZero) {
  SampleRow row = bare_row();
  for (const Field field : {Field::kMemoryLimit, Field::kMemoryHigh, Field::kMemorySwapLimit,
                            Field::kMemoryMemswLimit, Field::kPidsLimit, Field::kCpuQuota})
    row.sample.set(field, Unlimited::none());
  row.sample.set(Field::kMemoryLow, 0);
  row.sample.set(Field::kMemoryMin, 4096);
  row.sample.set(Field::kCpuPeriod, 100'000'000);
  const Exposition text = print(std::move(row));
  for (const char* name : {"memory_limit_bytes", "memory_high_bytes", "swap_limit_bytes",
                           "memory_and_swap_limit_bytes", "pids_limit", "cpu_limit_cores",
                           "cpu_quota_seconds", "cpu_period_seconds", "memory_low_bytes"})
    EXPECT_FALSE(text.families.contains(std::string("plimsoll_container_") + name)) << name;
  EXPECT_EQ(text.value("plimsoll_container_memory_min_bytes"), "4096");
}

TEST(LimitRules, AQuotaIsCoresAndSeconds) {
  SampleRow row = bare_row();
  row.sample.set(Field::kCpuQuota, 150'000'000);
  row.sample.set(Field::kCpuPeriod, 100'000'000);
  row.sample.set(Field::kCpuBurstLimit, 20'000'000);
  const Exposition text = print(std::move(row));
  EXPECT_EQ(text.value("plimsoll_container_cpu_limit_cores"), "1.5");
  EXPECT_EQ(text.value("plimsoll_container_cpu_quota_seconds"), "0.15");
  EXPECT_EQ(text.value("plimsoll_container_cpu_period_seconds"), "0.1");
  EXPECT_EQ(text.value("plimsoll_container_cpu_burst_limit_seconds"), "0.02");
  EXPECT_EQ(text.value("plimsoll_container_cpu_limit_utilization_ratio"), "0.5");
}

TEST(LimitRules, IoLimitsByDeviceAndOperation) {
  SampleRow row = bare_row();
  row.sample.io_limits = {{.major = 254, .read_bytes = 1000, .writes = 20},
                          {.major = 9, .minor = 1, .write_bytes = 7}};
  const Exposition text = print(std::move(row));
  const std::string bytes = "plimsoll_container_io_limit_bytes_per_second";
  EXPECT_EQ(text.value(bytes, {{"device", "/dev/vda"}, {"operation", "read"}}), "1000");
  EXPECT_EQ(text.value(bytes, {{"device", "9:1"}, {"operation", "write"}}), "7");
  EXPECT_EQ(text.series(bytes), 2U);
  EXPECT_EQ(text.value("plimsoll_container_io_limit_operations_per_second",
                       {{"device", "/dev/vda"}, {"operation", "write"}}),
            "20");
}

TEST(MemoryRules, EventsByScope) {
  SampleRow row = bare_row();
  row.sample.set(Field::kMemoryEventsHigh, 5);
  row.sample.set(Field::kMemoryEventsLocalHigh, 3);
  row.sample.set(Field::kMemoryEventsLocalMax, 2);
  const Exposition text = print(std::move(row));
  const std::string family = "plimsoll_container_memory_events_total";
  EXPECT_EQ(text.value(family, {{"event", "high"}, {"scope", "hierarchy"}}), "5");
  EXPECT_EQ(text.value(family, {{"event", "high"}, {"scope", "local"}}), "3");
  EXPECT_EQ(text.series(family), 3U);
}

TEST(MemoryRules, FailcntIsV1sCountOfTheLimitMet) {
  SampleRow row = bare_row();
  row.sample.set(Field::kMemoryFailcnt, 9);
  EXPECT_EQ(print(row).value("plimsoll_container_memory_events_total",
                             {{"event", "max"}, {"scope", "local"}}),
            "9");
}

TEST(MemoryRules, StatByTheKernelsNames) {
  SampleRow row = bare_row();
  row.sample.set(Field::kMemorySlab, 10);
  row.sample.memory_detail.set(MemoryKey::percpu, 11);
  row.sample.memory_detail.set(MemoryKey::pswpin, 12);
  const Exposition text = print(row);
  const std::string bytes = "plimsoll_container_memory_stat_bytes";
  EXPECT_EQ(text.value(bytes, {{"kind", "slab"}}), "10");
  EXPECT_EQ(text.value(bytes, {{"kind", "percpu"}}), "11");
  EXPECT_EQ(text.series(bytes), 2U);
  const std::string events = "plimsoll_container_memory_stat_events_total";
  EXPECT_EQ(text.value(events, {{"kind", "pswpin"}}), "12");
  EXPECT_EQ(print(row, GroupSet::defaults()).series(events), 0U) << "a group of its own";
  EXPECT_EQ(print(row, GroupSet::defaults()).series(bytes), 2U);
}

TEST(PressureRules, AveragesOfThreeWindowsWhenAskedFor) {
  SampleRow row = bare_row();
  row.sample.pressure_averages.some[2] = std::array{0.0123F, 0.5F, 1.0F};
  const std::string family = "plimsoll_container_pressure_ratio";
  const Exposition text = print(row);
  EXPECT_EQ(text.value(family, {{"resource", "io"}, {"state", "waiting"}, {"window", "10s"}}),
            "0.0123");
  EXPECT_EQ(text.value(family, {{"resource", "io"}, {"state", "waiting"}, {"window", "300s"}}),
            "1");
  EXPECT_EQ(text.series(family), 3U);
  EXPECT_EQ(print(row, GroupSet::defaults()).series(family), 0U);
}

TEST(StateRules, DiscardsByDevice) {
  SampleRow row = bare_row();
  row.sample.devices = {{.major = 254, .discard_bytes = 4096, .discards = 2}};
  const Exposition text = print(std::move(row));
  EXPECT_EQ(text.value("plimsoll_container_fs_discarded_bytes_total", {{"device", "/dev/vda"}}),
            "4096");
  EXPECT_EQ(text.value("plimsoll_container_fs_discards_total", {{"device", "/dev/vda"}}), "2");
}

Tombstone tombstone(const std::string& path) {
  auto identity = std::make_shared<inventory::Identity>();
  identity->runtime = inventory::Runtime::kDocker;
  identity->cgroup = path;
  Tombstone stone;
  stone.identity = identity;
  stone.labels = std::make_shared<const std::string>("id=\"" + path + "\"");
  stone.last_seen_seconds = 1'700'000'000;
  return stone;
}

TEST(OomRules, ACounterLingersAfterTheContainer) {
  SampleRow row = bare_row();
  row.sample.set(Field::kMemoryEventsOomKill, 2);
  const auto snapshot = make_snapshot({std::move(row)});
  snapshot->tombstones = {tombstone("/gone"), tombstone("/a"), tombstone("/never/counted")};
  snapshot->tombstones[0].oom_kills = 1;
  snapshot->tombstones[1].oom_kills = 9;
  const Exposition text = print(*snapshot);
  for (const char* family : {"container_oom_events_total", "plimsoll_container_oom_kills_total"}) {
    EXPECT_EQ(text.value(family, {{"id", "/gone"}}), "1");
    EXPECT_EQ(text.value(family, {{"id", "/a"}}), "2") << "it lives";
    EXPECT_EQ(text.series(family), 2U);
  }
}

TEST(OomRules, WorkloadsAndTheHostCountWithoutAContainer) {
  const Exposition text = print(bare_row());
  const std::string family = "plimsoll_workload_oom_kills_total";
  EXPECT_EQ(text.value(family, {{"runtime", "docker"}, {"name", "web"}, {"image", "img:1"}}), "3");
  EXPECT_EQ(text.value(family, {{"namespace", "shop"}, {"container", "api"}}), "0");
  EXPECT_EQ(text.value("plimsoll_host_oom_kills_total"), "4");
}

TEST(EndRules, HowAContainerEndedIsSaidOfThoseThatDid) {
  const auto snapshot = make_snapshot({bare_row()});
  snapshot->tombstones = {tombstone("/gone"), tombstone("/unknown")};
  snapshot->tombstones[0].ending =
      inventory::Ending{.exit_code = 137,
                        .oom_killed = true,
                        .started = WallTime(std::chrono::milliseconds(1'700'000'000'500)),
                        .finished = WallTime(std::chrono::seconds(1'700'000'060)),
                        .restart_count = 2};
  auto ended = std::make_shared<inventory::Identity>(*snapshot->tombstones[0].identity);
  ended->metadata = inventory::Metadata::kComplete;
  snapshot->tombstones[0].identity = ended;
  const Exposition text = print(*snapshot);
  EXPECT_EQ(text.value("plimsoll_container_exit_code", {{"id", "/gone"}}), "137");
  EXPECT_EQ(text.series("plimsoll_container_exit_code"), 1U);
  EXPECT_EQ(text.value("plimsoll_container_exit_oom_killed"), "1");
  EXPECT_EQ(text.value("plimsoll_container_exit_time_seconds"), "1700000060");
  EXPECT_EQ(text.value("plimsoll_container_exit_start_time_seconds"), "1700000000.5");
  EXPECT_EQ(text.value("plimsoll_container_restarts_total", {{"id", "/gone"}}), "2");
}

TEST(EndRules, MemoryRanOutAlsoWhereTheRuntimeMissedIt) {
  const auto snapshot = make_snapshot({bare_row()});
  snapshot->tombstones = {tombstone("/missed"), tombstone("/stopped"), tombstone("/survived"),
                          tombstone("/silent")};
  using inventory::Ending;
  snapshot->tombstones[0].ending = Ending{.exit_code = 137, .oom_killed = false};
  snapshot->tombstones[0].oom_kills = 1;
  snapshot->tombstones[1].ending = Ending{.exit_code = 137, .oom_killed = false};
  snapshot->tombstones[1].oom_kills = 0;
  snapshot->tombstones[2].ending = Ending{.exit_code = 0, .oom_killed = false};
  snapshot->tombstones[2].oom_kills = 3;
  snapshot->tombstones[3].ending = Ending{.exit_code = 1};
  const Exposition text = print(*snapshot);
  const std::string family = "plimsoll_container_exit_oom_killed";
  EXPECT_EQ(text.value(family, {{"id", "/missed"}}), "1");
  EXPECT_EQ(text.value(family, {{"id", "/stopped"}}), "0");
  EXPECT_EQ(text.value(family, {{"id", "/survived"}}), "0");
  EXPECT_EQ(text.series(family), 3U) << "nobody knows of the last";
}

TEST(NetworkRules, ASharedNamespaceNamesItsOwner) {
  SampleRow owner = container_row("pause", 2);
  SampleRow app = container_row("app", 2);
  app.identity.network = inventory::NetworkMode::kContainer;
  app.identity.network_owner = owner.identity.id;
  SampleRow lost = container_row("lost", 2);
  lost.identity.network = inventory::NetworkMode::kContainer;
  lost.identity.network_owner = "gone";
  const std::string owner_path = owner.identity.cgroup;
  const Exposition text =
      print(*make_snapshot({std::move(owner), std::move(app), std::move(lost), bare_row()}));
  const std::string family = "plimsoll_container_network_info";
  EXPECT_EQ(
      text.value(
          family,
          {{"name", "app"}, {"mode", "container"}, {"owner", owner_path}, {"owner_name", "pause"}}),
      "1");
  EXPECT_EQ(text.value(family, {{"name", "lost"}, {"owner_runtime_id", "gone"}}), "1");
  EXPECT_EQ(text.value(family, {{"name", "pause"}, {"mode", "own"}}), "1");
  EXPECT_EQ(text.series(family), 3U);
}

}  // namespace
}  // namespace plimsoll::exporter
