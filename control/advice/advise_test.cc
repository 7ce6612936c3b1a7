#include "control/advice/advise.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plimsoll::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

Observation steady(double cores, std::uint64_t memory) {
  Observation seen;
  seen.name = "web";
  seen.cgroup = "/docker/a";
  seen.seen = minutes(90);
  seen.samples = 5400;
  seen.cpu_cores.assign(5400, cores);
  seen.working_set.assign(5400, memory);
  seen.most_pids = 5;
  return seen;
}

const Proposal* find(const Advice& advice, std::string_view knob) {
  const auto at = std::ranges::find(advice.proposals, knob, &Proposal::knob);
  return at == advice.proposals.end() ? nullptr : &*at;
}

TEST(Advise, RefusesOnTooLittle) {
  Observation seen = steady(0.1, kMiB);
  seen.seen = seconds(200);
  const Advice advice = advise(seen);
  EXPECT_TRUE(advice.proposals.empty());
  EXPECT_NE(advice.refusal.find("200.0s"), std::string::npos) << advice.refusal;
  seen.seen = minutes(5);
  seen.samples = 2;
  EXPECT_FALSE(advise(seen).refusal.empty());
}

TEST(Advise, SaysHowSureItIs) {
  Observation seen = steady(0.1, kMiB);
  EXPECT_EQ(advise(seen).confidence, Confidence::kMedium);
  seen.seen = minutes(59);
  EXPECT_EQ(advise(seen).confidence, Confidence::kLow);
  seen.seen = std::chrono::hours(25);
  EXPECT_EQ(advise(seen).confidence, Confidence::kHigh);
}

struct MemoryRow {
  const char* name;
  std::uint64_t working_set, unreclaimable, limit, oom_kills;
  double stall;
  std::uint64_t expected;  // MiB.
};
class AdviseMemory : public testing::TestWithParam<MemoryRow> {};

TEST_P(AdviseMemory, CoversWhatIsNeeded) {
  const MemoryRow& row = GetParam();
  Observation seen = steady(0.1, row.working_set * kMiB);
  seen.unreclaimable = row.unreclaimable * kMiB;
  if (row.limit > 0) seen.memory_limit = row.limit * kMiB;
  seen.oom_kills = row.oom_kills;
  seen.memory_stall = row.stall;
  const Advice advice = advise(seen);
  ASSERT_NE(find(advice, "memory.max"), nullptr);
  EXPECT_EQ(find(advice, "memory.max")->value, static_cast<double>(row.expected * kMiB));
  EXPECT_GE(find(advice, "memory.max")->value, static_cast<double>(row.unreclaimable * kMiB))
      << "never below what cannot be reclaimed";
}

INSTANTIATE_TEST_SUITE_P(, AdviseMemory,
                         testing::Values(MemoryRow{"Steady", 100, 50, 0, 0, 0, 108},
                                         MemoryRow{"FarTooLarge", 100, 50, 4096, 0, 0, 108},
                                         MemoryRow{"Unreclaimable", 100, 200, 0, 0, 0, 210},
                                         MemoryRow{"WasKilled", 100, 50, 100, 3, 0, 120},
                                         MemoryRow{"KilledAtAnEarlierLimit", 100, 50, 60, 3, 0,
                                                   108},
                                         MemoryRow{"StoodStill", 100, 50, 100, 0, 0.3, 125},
                                         MemoryRow{"Tiny", 0, 0, 0, 0, 0, 1}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Advise, AWorkingSetIsMetWithinATenth) {
  // Twenty loads of known working sets: never less, at most a tenth more.
  for (std::uint64_t mib = 20; mib <= 2000; mib += 99) {
    const Advice advice = advise(steady(0.1, mib * kMiB));
    const double ratio = find(advice, "memory.max")->value / static_cast<double>(mib * kMiB);
    EXPECT_GE(ratio, 1.0) << mib;
    EXPECT_LE(ratio, mib < 30 ? 1.15 : 1.10) << mib;
  }
}

TEST(Advise, SteadyCpuGetsItsMaximumAndAMargin) {
  const Advice advice = advise(steady(0.5, kMiB));
  ASSERT_NE(find(advice, "cpu.max"), nullptr);
  EXPECT_NEAR(find(advice, "cpu.max")->value, 0.55, 0.011);
  EXPECT_EQ(find(advice, "cpu.max.burst"), nullptr);
}

TEST(Advise, BurstyCpuGetsABurst) {
  Observation seen = steady(0.1, kMiB);
  for (std::size_t i = 0; i < seen.cpu_cores.size(); i += 50) seen.cpu_cores[i] = 1.5;
  const Advice advice = advise(seen);
  ASSERT_NE(find(advice, "cpu.max.burst"), nullptr);
  const double quota = find(advice, "cpu.max")->value;
  EXPECT_LT(quota, 0.3) << "not the bursts' height";
  EXPECT_LE(find(advice, "cpu.max.burst")->value, quota * 100'000)
      << "the kernel takes no more than the quota";
}

TEST(Advise, AThrottledContainerGetsMore) {
  Observation seen = steady(0.25, kMiB);
  seen.cpu_limit = 0.25;
  seen.throttled_share = 0.4;
  const Advice advice = advise(seen);
  EXPECT_NEAR(find(advice, "cpu.max")->value, 0.38, 0.011);
  EXPECT_NE(find(advice, "cpu.max")->why.find("throttled"), std::string::npos);
  EXPECT_EQ(find(advice, "cpu.max")->current, 0.25);
}

TEST(Advise, TasksGetTwiceWhatWasSeen) {
  Observation seen = steady(0.1, kMiB);
  EXPECT_EQ(find(advise(seen), "pids.max")->value, 64);
  seen.most_pids = 500;
  EXPECT_EQ(find(advise(seen), "pids.max")->value, 1000);
}

TEST(Percentile, IsTheNearestRank) {
  EXPECT_EQ(percentile({}, 0.5), 0);
  EXPECT_EQ(percentile({3}, 0.95), 3);
  EXPECT_EQ(percentile({1, 2, 3, 4}, 0.5), 2);
  EXPECT_EQ(percentile({4, 1, 3, 2}, 1), 4);
  EXPECT_EQ(percentile({4, 1, 3, 2}, 0), 1);
}

TEST(Headroom, SaysWhatOvercommitMeans) {
  Observation a = steady(0.5, 100 * kMiB);
  a.memory_limit = 800 * kMiB;
  a.cpu_limit = 3;
  Observation b = steady(0.5, 100 * kMiB);
  b.memory_limit = 900 * kMiB;
  const Observation c = steady(0.5, 100 * kMiB);
  const Headroom room =
      headroom_of(std::vector<Observation>{a, b, c}, {.memory = 1024 * kMiB, .cores = 2});
  EXPECT_EQ(room.memory_limits, 1700 * kMiB);
  EXPECT_EQ(room.without_memory_limit, 1U);
  EXPECT_EQ(room.working_sets, 300 * kMiB);
  ASSERT_GE(room.notes.size(), 4U);
  EXPECT_NE(room.notes[0].find("166%"), std::string::npos) << room.notes[0];
  EXPECT_NE(room.notes[1].find("no memory limit"), std::string::npos);
  EXPECT_NE(room.notes[2].find("724M"), std::string::npos) << room.notes[2];
}

TEST(AdviceFormats, AreForProgramsAndForPeople) {
  const Advice advice = advise(steady(0.5, 100 * kMiB));
  const Headroom room = headroom_of({}, {.memory = 1024 * kMiB, .cores = 2});
  const auto json = nlohmann::json::parse(to_json({&advice, 1}, room));
  EXPECT_EQ(json["containers"][0]["proposals"][0]["knob"], "memory.max");
  EXPECT_EQ(json["containers"][0]["proposals"][0]["text"], "108M");
  EXPECT_TRUE(json["containers"][0]["proposals"][0]["current"].is_null());
  EXPECT_NE(to_text(advice).find("memory.max 108M (no limit now)"), std::string::npos)
      << to_text(advice);
}

constexpr const char* kContainer = R"({
  "cgroup":"/docker/a","id":"abc","display":"web","usage_at":"2026-11-20T00:10:00Z",
  "cpu":{"usage":60.0,"quota":0.05,"period":0.1,"periods":200,"throttled_periods":50},
  "memory":{"working_set":3000,"limit":null,"rss":2000,"shmem":10,"kernel":1,"peak":4000,
            "events":{"oom_kill":2}},
  "pids":{"current":3,"limit":100},
  "history":[
    {"timestamp":"2026-11-20T00:00:00Z","cpu":{"usage":0.0,"periods":100,"throttled_periods":0},
     "memory":{"working_set":1000},"pids":{"current":9},"pressure":{"memory":{"some":0}}},
    {"timestamp":"2026-11-20T00:00:10Z","cpu":{"usage":5.0}},
    {"timestamp":"bad"}, 7]})";

TEST(Observation, IsReadFromAnExporter) {
  const auto seen = parse_observation(kContainer);
  ASSERT_TRUE(seen) << seen.error().message();
  EXPECT_EQ(seen->name, "web");
  EXPECT_EQ(seen->samples, 3U);
  EXPECT_EQ(seen->seen, minutes(10));
  ASSERT_EQ(seen->cpu_cores.size(), 600U) << "each point counts for its time";
  EXPECT_DOUBLE_EQ(seen->cpu_cores[0], 0.5);
  EXPECT_EQ(seen->working_set.back(), 3000U);
  EXPECT_EQ(seen->working_set[1], 1000U) << "what a point leaves out is as before";
  EXPECT_EQ(seen->most_pids, 9U);
  EXPECT_EQ(seen->throttled_share, 0.5);
  EXPECT_EQ(seen->unreclaimable, 2011U);
  EXPECT_EQ(seen->oom_kills, 2U);
  EXPECT_EQ(seen->memory_limit, std::nullopt);
  EXPECT_EQ(seen->pids_limit, 100U);
  EXPECT_DOUBLE_EQ(seen->cpu_limit.value_or(0), 0.5);
}

TEST(Observation, WhatIsNoContainerIsNamed) {
  for (const char* text : {"", "{", "[]", "{}", "{\"cgroup\":7}"}) {
    const auto seen = parse_observation(text);
    ASSERT_FALSE(seen) << text;
    EXPECT_EQ(seen.error().kind, ErrorKind::kMalformed);
  }
  EXPECT_FALSE(parse_overview("{}"));
  const auto overview = parse_overview(
      R"({"machine":{"cores":2,"memory":1024},"containers":[{"id":"a"},{"x":1},{"id":"b"}]})");
  ASSERT_TRUE(overview);
  EXPECT_EQ(overview->ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(overview->host.memory, 1024U);
  EXPECT_EQ(overview->host.cores, 2);
}

}  // namespace
}  // namespace plimsoll::control
