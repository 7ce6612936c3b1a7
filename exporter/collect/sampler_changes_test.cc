// What happens between two ticks: groups come, go and are named, limits are written, the OOM killer
// comes.
#include <array>

#include "exporter/collect/sampler_fixture.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(SamplerOnFakeHost, LateMetadataIsFilledIn) {
  const auto sampler = this->sampler();
  SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
  EXPECT_EQ(snapshot->rows[row].identity->name, "");
  EXPECT_EQ(snapshot->rows[row].identity->runtime, inventory::Runtime::kDocker);
  const auto nameless = snapshot->rows[row].labels;
  name_container("late");
  clock_.advance(seconds(60));
  snapshot = sampler->sample(Freshness::kTick);
  row = row_of(*snapshot, "/docker/" + kId).value();
  EXPECT_EQ(snapshot->rows[row].identity->name, "late");
  EXPECT_THAT(*snapshot->rows[row].labels, ::testing::HasSubstr("name=\"late\""));
  EXPECT_EQ(*nameless, "id=\"/docker/" + kId + "\",name=\"\"") << "published text never changes";
}

// Nobody tells of writes, after which everything would be read; and no other turn comes.
class SamplerLeftAlone : public SamplerOnFakeHost {
 protected:
  void adjust(SamplerConfig& config) override {
    config.tree.max_watches = 0;
    config.warm_interval = config.slow_interval = config.slow_interval_unwatched =
        config.idle_refresh = std::chrono::hours(1000);
  }
};

TEST_F(SamplerLeftAlone, WarmValuesOfWhatIsFollowedComeWithEveryTick) {
  add_group("cgroup/other");
  const auto sampler = this->sampler();
  SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
  const std::size_t other = row_of(*snapshot, "/other").value();
  const std::uint64_t serial = snapshot->rows[row].serial;
  sampler->follow(std::array<std::uint64_t, 2>{serial, 999'999});
  for (std::uint64_t second = 1; second <= 3; ++second) {
    set_cpu(kGroup, 1'000'000 + second);
    set_cpu("cgroup/other", 1'000'000 + second);
    clock_.advance(seconds(1));
    snapshot = sampler->sample(Freshness::kTick);
    EXPECT_EQ(snapshot->rows[row].warm_at, snapshot->taken);
    EXPECT_EQ(snapshot->rows[row].hot_at, snapshot->rows[row].warm_at);
  }
  EXPECT_LT(snapshot->rows[other].warm_at, snapshot->taken);
  sampler->follow({});
  set_cpu(kGroup, 2'000'000);
  clock_.advance(seconds(1));
  snapshot = sampler->sample(Freshness::kTick);
  EXPECT_LT(snapshot->rows[row].warm_at, snapshot->taken) << "nobody looks any more";
}

TEST_F(SamplerOnFakeHost, RemovedContainerLeavesATombstoneForAWhile) {
  name_container("web");
  const auto sampler = this->sampler();
  (void)sampler->sample(Freshness::kTick);
  host_.remove(kGroup);
  clock_.advance(seconds(5));
  SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  EXPECT_FALSE(row_of(*snapshot, "/docker/" + kId));
  ASSERT_EQ(snapshot->tombstones.size(), 1U);
  EXPECT_EQ(snapshot->tombstones[0].identity->name, "web");
  EXPECT_EQ(snapshot->tombstones[0].last_seen_seconds, 1'700'000'001);
  clock_.advance(seconds(301));
  snapshot = sampler->sample(Freshness::kTick);
  EXPECT_TRUE(snapshot->tombstones.empty());
}

TEST_F(SamplerOnFakeHost, BareGroupsLeaveNoTombstone) {
  add_group("cgroup/plain");
  const auto sampler = this->sampler();
  (void)sampler->sample(Freshness::kTick);
  host_.remove("cgroup/plain");
  clock_.advance(seconds(5));
  EXPECT_TRUE(sampler->sample(Freshness::kTick)->tombstones.empty());
}

TEST_F(SamplerOnFakeHost, AppearingGroupsAreSampledAtTheNextTick) {
  const auto sampler = this->sampler();
  (void)sampler->sample(Freshness::kTick);
  add_group("cgroup/new");
  clock_.advance(seconds(1));
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const auto row = row_of(*snapshot, "/new");
  ASSERT_TRUE(row);
  EXPECT_EQ(snapshot->value(Field::kMemoryUsage, *row), 10U << 20);
}

TEST_F(SamplerOnFakeHost, WrittenLimitIsSeenAtTheNextTickNotAfterTheSlowInterval) {
  const auto sampler = this->sampler();
  (void)sampler->sample(Freshness::kTick);
  host_.write(kGroup + "/memory.max", "1048576\n");
  clock_.advance(seconds(1));
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*snapshot, "/docker/" + kId).value();
  EXPECT_EQ(snapshot->limit(Field::kMemoryLimit, row), Limit<std::uint64_t>(1048576));
}

TEST_F(SamplerOnFakeHost, OomEventsBetweenTwoTicksStandInTheNextOne) {
  host_.write(kGroup + "/memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
  host_.write("kmsg", "6,1,1,-;booting\n");
  const auto sampler = this->sampler();
  const SnapshotPtr first = sampler->sample(Freshness::kTick);
  const std::size_t row = row_of(*first, "/docker/" + kId).value();
  EXPECT_EQ(first->value(Field::kMemoryEventsOomKill, row), 0U);
  clock_.advance(milliseconds(100));
  host_.write("kmsg", "6,1,1,-;booting\n" + oom_line(clock_, 2));
  const SnapshotPtr between = sampler->sample_watched(std::array{first->rows[row].serial});
  EXPECT_TRUE(between->ooms.empty()) << "only those who watch see this one";
  EXPECT_EQ(between->value(Field::kMemoryEventsOomKill, row), 1U);
  clock_.advance(seconds(1));
  EXPECT_EQ(sampler->sample(Freshness::kTick)->ooms.size(), 2U);
  clock_.advance(seconds(1));
  EXPECT_TRUE(sampler->sample(Freshness::kTick)->ooms.empty());
}

// Rows that did not change come from older snapshots; what is reckoned over all rows must not.
TEST_F(SamplerOnFakeHost, OomTotalsAndHeadroomAreOfThisTickInEveryRow) {
  host_.write(kGroup + "/memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
  host_.write(kGroup + "/memory.max", std::to_string(12 << 20) + "\n");
  host_.write("kmsg", "6,1,1,-;booting\n");
  const auto sampler = this->sampler();
  const std::size_t row = row_of(*sampler->sample(Freshness::kTick), "/docker/" + kId).value();
  clock_.advance(seconds(1));
  host_.write("kmsg", "6,1,1,-;booting\n" + oom_line(clock_, 2));
  for (int i = 0; i < 5; ++i) {
    const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
    EXPECT_EQ(snapshot->value(Field::kMemoryEventsOomKill, row), 1U) << i;
    EXPECT_EQ(snapshot->value(Field::kMemoryHeadroom, row), (2U << 20) + 4096) << i;
    EXPECT_FALSE(snapshot->value(Field::kMemoryHeadroom, 0)) << i;
    clock_.advance(seconds(1));
  }
  host_.remove(kGroup);
  const SnapshotPtr ended = sampler->sample(Freshness::kTick);
  ASSERT_EQ(ended->tombstones.size(), 1U);
  EXPECT_EQ(ended->tombstones[0].oom_kills, 1U);
}

TEST_F(SamplerOnFakeHost, HowAContainerEndedIsLookedForUntilItsRuntimeTells) {
  name_container("web");
  const auto sampler = this->sampler();
  (void)sampler->sample(Freshness::kTick);
  host_.remove(kGroup);
  clock_.advance(seconds(1));
  EXPECT_FALSE(sampler->sample(Freshness::kTick)->tombstones.at(0).ending);
  host_.write("docker/containers/" + kId + "/config.v2.json",
              R"({"ID":")" + kId +
                  R"(","State":{"Running":false,"ExitCode":137,"OOMKilled":true,)"
                  R"("FinishedAt":"2023-11-14T22:13:21Z"}})");
  clock_.advance(seconds(1));
  const SnapshotPtr snapshot = sampler->sample(Freshness::kTick);
  ASSERT_TRUE(snapshot->tombstones.at(0).ending);
  EXPECT_EQ(snapshot->tombstones[0].ending->exit_code, 137);
  EXPECT_EQ(snapshot->tombstones[0].ending->oom_killed, true);
}

}  // namespace
}  // namespace plimsoll::exporter
