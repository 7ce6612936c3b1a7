#include "control/applier/outlook.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "cgroupfs/limit/test_views.h"

namespace plimsoll::control {
namespace {

using limit::Knob;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// Ten minutes of 40 MiB and, in a tenth of it, 80; as much CPU as it may in a twentieth.
OutlookFacts facts() {
  OutlookFacts facts;
  facts.host = {.memory_bytes = 1024 * kMiB, .cpus = 4, .pids = 32768};
  for (int i = 0; i < 600; ++i) {
    facts.seen.memory.add(i % 10 == 0 ? 80 * kMiB : 40 * kMiB);
    facts.seen.nano_cpus.add(i % 20 == 0 ? 1'000'000'000 : 100'000'000);
    facts.seen.pids.add(3);
  }
  facts.seen.observed = {.span = std::chrono::minutes(10),
                         .memory = Histogram::use_of(facts.seen.memory, {}),
                         .nano_cpus = Histogram::use_of(facts.seen.nano_cpus, {}),
                         .pids = Histogram::use_of(facts.seen.pids, {})};
  facts.seen.last = UsageSample{.memory = 40 * kMiB, .cpu_ns = 0, .pids = 3};
  return facts;
}

std::vector<std::string> outlook(Knob knob, limit::Value value, const OutlookFacts& of = facts()) {
  return outlook_of(std::vector<limit::Setting>{{knob, "", std::move(value)}}, of);
}

TEST(Outlook, SaysWhatIsLeftAndWhatWasUsed) {
  EXPECT_THAT(outlook(Knob::kMemoryMax, 100 * kMiB),
              ElementsAre("memory.max: it uses 40M now, which leaves 60M",
                          "memory.max: it used 80M at most in 10 min: it would never have met it",
                          "memory.max: the host has 1G, of which it may have 9.8 %"));
}

TEST(Outlook, SaysThatItWouldKill) {
  EXPECT_THAT(outlook(Knob::kMemoryMax, 30 * kMiB),
              ElementsAre("memory.max: it uses 40M now, more than that: what cannot be reclaimed "
                          "would make the OOM killer come, so it would be refused",
                          "memory.max: it used more than that 100.0 % of the time in 10 min, 80M "
                          "at most",
                          "memory.max: the host has 1G, of which it may have 2.9 %"));
}

TEST(Outlook, SaysHowThrottledItWouldHaveBeen) {
  const limit::CpuTime half{limit::CpuTime::Unit::kNanoCpus, 500'000'000};
  EXPECT_THAT(outlook(Knob::kCpuQuota, half),
              ElementsAre("cpu.quota: it used more than that 5.0 % of the time in 10 min, 1 cpus "
                          "at most: it would have been throttled then",
                          "cpu.quota: the host has 4 cpus, of which it may have 12.5 %"));
}

TEST(Outlook, NamesTheAncestorThatBinds) {
  OutlookFacts of = facts();
  of.seen = {};
  of.above = {{"/a/b", {.memory = 90 * kMiB}}, {"/a", {.memory = 10 * kMiB}}};
  EXPECT_THAT(outlook(Knob::kMemoryMax, 100 * kMiB, of),
              ElementsAre("memory.max: /a/b above it has 90M, which binds before"));
  EXPECT_THAT(outlook(Knob::kMemoryMax, 2048 * kMiB, facts()),
              testing::Contains("memory.max: the host has 1G: that is what binds"));
}

// Twenty made-up loads and ten cuts of each, held against every second of it.
TEST(Outlook, NeverCallsACutSafeThatWasNot) {
  std::mt19937 random(20);
  for (unsigned day = 0; day < 20; ++day) {
    const double base = static_cast<double>(4 + random() % 400) * kMiB;
    std::lognormal_distribution<double> spread(0, 0.05 * (1 + day % 10));
    std::vector<std::uint64_t> used(3600);
    for (std::uint64_t& bytes : used) bytes = static_cast<std::uint64_t>(base * spread(random));
    OutlookFacts of = facts();
    of.seen.memory = {};
    for (const std::uint64_t bytes : used) of.seen.memory.add(bytes);
    of.seen.observed.memory = Histogram::use_of(of.seen.memory, {});
    const auto above = [&](double cut) {
      return static_cast<double>(std::ranges::count_if(
                 used, [&](std::uint64_t bytes) { return static_cast<double>(bytes) > cut; })) /
             static_cast<double>(used.size());
    };
    std::ranges::sort(used);
    for (std::size_t i = 0; i < 10; ++i) {
      // From below what it nearly always had to above what it ever had, and exactly that.
      const std::uint64_t cut = i == 9 ? used.back() : used[400 * i] * (90 + random() % 25) / 100;
      const bool safe = std::ranges::any_of(
          outlook(Knob::kMemoryMax, cut, of),
          [](const std::string& line) { return line.ends_with("it would never have met it"); });
      const auto exact = static_cast<double>(cut);
      EXPECT_EQ(safe, above(exact) == 0) << day << ": " << cut;
      const double said = of.seen.memory.share_above(cut);
      EXPECT_LE(said, above(exact)) << day << ": " << cut;
      EXPECT_GE(said, above(exact * 1.035)) << day << ": " << cut;
    }
  }
}

TEST(Outlook, SaysNothingOfWhatItDoesNotKnow) {
  EXPECT_THAT(outlook(Knob::kPidsMax, std::uint64_t{10}, OutlookFacts()), IsEmpty());
  EXPECT_THAT(outlook(Knob::kCpuWeight, std::uint64_t{10}), IsEmpty());
}

TEST(Outlook, KnowsTheGroupsAboveWithTheirOwnLimits) {
  limit::ViewOf host(2, {"/a", "/a/b"});
  host.set("/a", "memory.max", "1048576");
  const auto all = above(host.view(), *host.view().index_of("/a/b"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].cgroup, "/a");
  EXPECT_EQ(all[0].own.memory, 1048576U);
  EXPECT_EQ(all[1].own.memory, std::nullopt);
}

}  // namespace
}  // namespace plimsoll::control
