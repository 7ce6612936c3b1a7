// What a tick says of groups that stay: numbers, rates, limits, and what is kept from the tick
// before.
#include "exporter/collect/sampler.h"

#include "exporter/collect/sampler_fixture.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(SamplerOnFakeHost, OneTickHasEveryGroupWithItsNumbers) {
  name_container("web");
  const auto sampler = this->sampler();
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  ASSERT_EQ(snapshot->rows.size(), 3U);
  EXPECT_EQ(snapshot->rows[0].identity->cgroup, "/");
  EXPECT_EQ(snapshot->rows[1].identity->cgroup, "/docker");
  const std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
  EXPECT_EQ(snapshot->rows[row].identity->name, "web");
  EXPECT_EQ(snapshot->rows[row].identity->image, "busybox:1");
  EXPECT_EQ(snapshot->value(Field::kCpuUsage, row), 1'000'000'000U) << "nanoseconds";
  EXPECT_EQ(snapshot->value(Field::kMemoryUsage, row), 10U << 20);
  EXPECT_EQ(snapshot->value(Field::kMemoryWorkingSet, row), (10U << 20) - 4096);
  EXPECT_EQ(snapshot->value(Field::kPids, row), 3U);
  ASSERT_TRUE(snapshot->limit(Field::kMemoryLimit, row));
  EXPECT_TRUE(snapshot->limit(Field::kMemoryLimit, row)->is_none());
  EXPECT_EQ(snapshot->limit(Field::kCpuQuota, row), Limit<std::uint64_t>(50'000'000));
  EXPECT_EQ(snapshot->value(Field::kMemoryUsage, 1), std::nullopt) << "absent is not zero";
  EXPECT_EQ(snapshot->machine->memory_bytes, 8'000'000ULL * 1024);
  EXPECT_EQ(snapshot->sequence, 1U);
}

TEST_F(SamplerOnFakeHost, RatesComeFromTrueTimes) {
  const auto sampler = this->sampler();
  (void)sampler->sample(Freshness::kTick);
  clock_.advance(seconds(2));
  set_cpu(kGroup, 2'000'000);
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
  EXPECT_FLOAT_EQ(snapshot->rates[row].cpu_cores, 0.5F);
}

TEST_F(SamplerOnFakeHost, IdleGroupHasZeroCpuNotItsLastRate) {
  const auto sampler = this->sampler();
  (void)sampler->sample(Freshness::kTick);
  clock_.advance(seconds(1));
  set_cpu(kGroup, 2'000'000);
  (void)sampler->sample(Freshness::kTick);
  clock_.advance(seconds(1));
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
  EXPECT_FLOAT_EQ(snapshot->rates[row].cpu_cores, 0.0F);
}

// crun below systemd: the scope has the name and the usage, the group in it the limits.
TEST_F(SamplerOnFakeHost, AContainersLimitsMayStandOneGroupFurtherDown) {
  const std::string scope = "cgroup/machine.slice/libpod-" + kId + ".scope";
  host_.write("cgroup/machine.slice/cgroup.procs", "");
  add_group(scope);
  host_.write(scope + "/cpu.max", "max 100000\n");
  // Sorts between the scope and what is in it.
  add_group(scope + "-conmon");
  add_group(scope + "/container");
  host_.write(scope + "/container/memory.max", "4096\n");
  const auto core = sampler();
  const auto snapshot = core->sample(Freshness::kFull);
  const auto row = row_of(*snapshot, scope.substr(6)).value();
  EXPECT_EQ(snapshot->value(Field::kMemoryLimit, row), 4096U);
  EXPECT_EQ(snapshot->value(Field::kCpuQuota, row), 50'000'000U);
  EXPECT_EQ(snapshot->value(Field::kMemoryUsage, row), 10U << 20U);

  clock_.advance(seconds(1));
  host_.write(scope + "/container/memory.max", "8192\n");
  const auto later = core->sample(Freshness::kFull);
  EXPECT_EQ(later->value(Field::kMemoryLimit, row), 8192U) << "a raised limit is not the old one";
  EXPECT_TRUE(later->changed_after(snapshot->sequence, row));

  clock_.advance(seconds(1));
  host_.remove(scope + "/container");
  const auto last = core->sample(Freshness::kFull);
  const auto left = row_of(*last, scope.substr(6)).value();
  EXPECT_EQ(last->limit(Field::kMemoryLimit, left), Limit<std::uint64_t>::none());
}

// Snapshots are made from older ones: what is still true must be there, and nothing else.
TEST_F(SamplerOnFakeHost, RowsThatDidNotChangeKeepTheirNumbersAndSaySo) {
  host_.write(kGroup + "/io.stat", "8:0 rbytes=100 wbytes=200 rios=1 wios=2 dbytes=0 dios=0\n");
  add_group("cgroup/busy");
  const auto sampler = this->sampler();
  SnapshotPtr kept;
  for (std::uint64_t tick = 1; tick <= 6; ++tick) {
    set_cpu("cgroup/busy", 1'000'000 + tick);
    const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
    const std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
    EXPECT_EQ(snapshot->value(Field::kMemoryUsage, row), 10U << 20) << tick;
    EXPECT_EQ(snapshot->value(Field::kIoReadBytes, row), 100U);
    ASSERT_EQ(snapshot->devices.of(row).size(), 1U) << tick;
    EXPECT_EQ(snapshot->devices.of(row)[0].write_bytes, 200U);
    EXPECT_LE(snapshot->changed[row], 2U) << "read once, and then it rested";
    EXPECT_EQ(snapshot->changed_after(2, row), false);
    const std::size_t busy = row_of(*snapshot, "/busy").value();
    EXPECT_EQ(snapshot->value(Field::kCpuUsage, busy), (1'000'000 + tick) * 1000);
    EXPECT_EQ(snapshot->changed[busy], tick);
    if (tick == 3) kept = snapshot;  // A reader that takes its time.
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(kept->value(Field::kCpuUsage, row_of(*kept, "/busy").value()), 1'000'003'000U);
  host_.write(kGroup + "/io.stat", "");
  host_.write(kGroup + "/memory.stat", "anon 4096\n");
  const SnapshotPtr full = sampler->sample(Freshness::kFull);
  const std::size_t row = row_of(*full, "/docker/" + kId).value();
  EXPECT_EQ(full->value(Field::kMemoryCache, row), std::nullopt) << "gone from the columns as well";
  EXPECT_TRUE(full->devices.of(row).empty());
  EXPECT_EQ(full->changed[row], full->sequence);
}

TEST_F(SamplerOnFakeHost, WatchedGroupsAreReadBetweenTheTicksAndNoOthers) {
  add_group("cgroup/other");
  const auto sampler = this->sampler();
  const SnapshotPtr first = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*first, "/docker/" + kId).value();
  const std::size_t other = row_of(*first, "/other").value();
  clock_.advance(milliseconds(100));
  set_cpu(kGroup, 1'050'000);
  set_cpu("cgroup/other", 9'000'000);
  const std::vector<std::uint64_t> watched = {first->rows[row].serial, 4711};
  const SnapshotPtr second = sampler->sample_watched(watched);
  ASSERT_EQ(second->rows.size(), first->rows.size());
  EXPECT_EQ(second->sequence, first->sequence + 1);
  EXPECT_EQ(second->value(Field::kCpuUsage, row), 1'050'000'000U);
  EXPECT_FLOAT_EQ(second->rates[row].cpu_cores, 0.5F) << "of that tenth of a second";
  EXPECT_EQ(second->changed[row], second->sequence);
  EXPECT_EQ(second->value(Field::kCpuUsage, other), 1'000'000'000U) << "not watched";
  EXPECT_EQ(second->rows[other].hot_at, first->rows[other].hot_at) << "and not called fresh";
  clock_.advance(milliseconds(900));
  const SnapshotPtr third = sampler->sample(Freshness::kTick);
  EXPECT_EQ(third->value(Field::kCpuUsage, other), 9'000'000'000U);
  EXPECT_FLOAT_EQ(third->rates[other].cpu_cores, 8.0F);
}

TEST_F(SamplerOnFakeHost, ABurstAfterARestIsRatedFromTheRestsEnd) {
  const auto sampler = this->sampler();
  for (int i = 0; i < 10; ++i) {
    (void)sampler->sample(Freshness::kTick);
    clock_.advance(seconds(1));
  }
  set_cpu(kGroup, 1'500'000);
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
  EXPECT_FLOAT_EQ(snapshot->rates[row].cpu_cores, 0.5F) << "of one second, not of ten";
}

TEST_F(SamplerOnFakeHost, NoGroupIsOlderThanTheMachine) {
  host_.write("proc/stat", "cpu  1 2 3\nbtime 4000000000\n");
  const auto sampler = this->sampler();
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*snapshot, "/docker").value();
  EXPECT_EQ(snapshot->rows[row].created, WallTime(seconds(4'000'000'000)));
}

TEST_F(SamplerOnFakeHost, MalformedFileCostsItsFieldsOnly) {
  add_group("cgroup/sane");
  const auto sampler = this->sampler();
  host_.write(kGroup + "/memory.stat", "anon 4096\nfile banana\n");
  const SnapshotPtr snapshot = sampler->sample(Freshness::kFull);
  const std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
  EXPECT_EQ(snapshot->value(Field::kMemoryCache, row), std::nullopt);
  EXPECT_EQ(snapshot->value(Field::kMemoryUsage, row), 10U << 20);
  const std::size_t sane = row_of(*snapshot, "/sane").value();
  EXPECT_EQ(snapshot->value(Field::kMemoryCache, sane), 8192U);
  EXPECT_EQ(sampler->stats().reader.malformed.at("memory.stat"), 1U);
}

TEST_F(SamplerOnFakeHost, ConfigurationWithoutACgroupTreeSaysSo) {
  host_.write("proc/self/mountinfo", "22 1 0:21 / /proc rw - proc proc rw\n");
  SamplerConfig config;
  host_.write("empty/", "");
  config.cgroup_root = host_.path() + "/empty";
  config.proc_root = host_.path() + "/proc";
  config.sys_root = host_.path() + "/sys";
  config.render_labels = [](const inventory::Identity&, std::uint64_t&) { return std::string(); };
  const auto refused = Sampler::create(config, clock_);
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().message().empty());
}

TEST_F(SamplerOnFakeHost, AnIdleGroupsUsageIsOfTheTickThatLooked) {
  const auto sampler = this->sampler();
  const auto row_now = [&] {
    clock_.advance(seconds(1));
    const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
    return snapshot->rows.at(row_of(*snapshot, "/docker/" + kId).value());
  };
  Row before = row_now();
  for (int i = 0; i < 3; ++i) {
    const Row row = row_now();
    EXPECT_EQ(row.usage_at - before.usage_at, seconds(1)) << i;
    before = row;
  }
  EXPECT_GT(before.usage_at, before.hot_at) << "it was idle";
}

// History and streams look only at rows that changed.
TEST_F(SamplerOnFakeHost, ARowIsChangedByWhatIsReckonedForIt) {
  host_.write(kGroup + "/memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
  host_.write("cgroup/docker/memory.max", std::to_string(16 << 20) + "\n");
  set_memory("cgroup/docker", 10 << 20);
  host_.write("kmsg", "6,1,1,-;booting\n");
  const auto sampler = this->sampler();
  const SnapshotPtr first = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*first, "/docker/" + kId).value();
  EXPECT_EQ(first->value(Field::kMemoryHeadroom, row), 6U << 20);
  const auto next = [&] {
    clock_.advance(seconds(1));
    return sampler->sample(Freshness::kTick);
  };
  (void)next();
  const SnapshotPtr idle = next();
  const SnapshotPtr still = next();
  EXPECT_FALSE(still->changed_after(idle->sequence, row));
  set_memory("cgroup/docker", 12 << 20);
  const SnapshotPtr tighter = next();
  EXPECT_EQ(tighter->value(Field::kMemoryHeadroom, row), 4U << 20);
  EXPECT_TRUE(tighter->changed_after(still->sequence, row)) << "by the group above it";
  EXPECT_FALSE(next()->changed_after(tighter->sequence, row));
  host_.write("kmsg", "6,1,1,-;booting\n" + oom_line(clock_, 2));
  const SnapshotPtr killed = next();
  EXPECT_EQ(killed->value(Field::kMemoryEventsOomKill, row), 1U);
  EXPECT_TRUE(killed->changed_after(killed->sequence - 1, row)) << "by the log";
}

}  // namespace
}  // namespace plimsoll::exporter
