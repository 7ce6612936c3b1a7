#include "exporter/collect/perf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/temp_tree.h"
#include "exporter/collect/perf_names.h"

namespace plimsoll::exporter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kCacheReadMiss = std::uint64_t{1} << 16U;

TEST(GenericEvent, KnowsPerfsAndLibpfmsSpelling) {
  const PerfCode instructions{PERF_TYPE_HARDWARE, {PERF_COUNT_HW_INSTRUCTIONS}};
  EXPECT_EQ(generic_event("instructions"), instructions);
  EXPECT_EQ(generic_event("PERF_COUNT_HW_INSTRUCTIONS"), instructions);
  EXPECT_EQ(generic_event("context-switches"),
            (PerfCode{PERF_TYPE_SOFTWARE, {PERF_COUNT_SW_CONTEXT_SWITCHES}}));
  EXPECT_EQ(generic_event("PERF_COUNT_SW_PAGE_FAULTS_MIN"),
            (PerfCode{PERF_TYPE_SOFTWARE, {PERF_COUNT_SW_PAGE_FAULTS_MIN}}));
  EXPECT_EQ(generic_event("LLC-load-misses"),
            (PerfCode{PERF_TYPE_HW_CACHE, {PERF_COUNT_HW_CACHE_LL | kCacheReadMiss}}));
  EXPECT_EQ(generic_event("dTLB-stores"),
            (PerfCode{PERF_TYPE_HW_CACHE, {PERF_COUNT_HW_CACHE_DTLB | 1U << 8U}}));
  for (const char* unknown : {"", "instruction", "LLC", "LLC-", "LLC-fetches", "LLCxloads"})
    EXPECT_EQ(generic_event(unknown), std::nullopt) << unknown;
}

TEST(EncodeEvent, PutsTermsWhereTheFormatSays) {
  const Pmu pmu{.type = 18,
                .format = {{"event", "config:0-7"},
                           {"umask", "config:8-15"},
                           {"inv", "config:23"},
                           {"thresh", "config1:0-3,8-11"}},
                .events = {},
                .cpumask = "0"};
  EXPECT_EQ(encode_event(pmu, "event=0x3c,umask=0x01,inv").value(),
            (PerfCode{18, {0x3c | 0x100 | 1U << 23U}}));
  EXPECT_EQ(encode_event(pmu, "thresh=0xab").value(), (PerfCode{18, {0, 0xa0b}}));
  EXPECT_EQ(encode_event(pmu, "").value(), (PerfCode{18, {}}));
  for (const char* bad : {"event=0x100", "edge", "event=x"})
    EXPECT_THAT(encode_event(pmu, bad).error().subject, HasSubstr(bad));
}

// Counters by (code, cpu) with made-up values; refuses what it is told to.
class FakeKernel final : public PerfKernel {
 public:
  struct State {
    std::map<int, std::pair<std::uint64_t, int>> open;  // Descriptor -> config, CPU.
    std::map<std::uint64_t, PerfReading> readings;      // By config.
    std::vector<int> leaders;
    std::vector<int> pids;
    int refuse_errno = 0;
  };
  explicit FakeKernel(State& state) : state_(state) {}
  Result<Fd> open(const perf_event_attr& attr, int pid, int cpu, int leader,
                  unsigned long flags) override {
    EXPECT_NE(flags & PERF_FLAG_FD_CLOEXEC, 0U);
    EXPECT_EQ((flags & PERF_FLAG_PID_CGROUP) != 0, pid >= 0);
    if (state_.refuse_errno != 0)
      return os_failure("perf_event_open", "counter", state_.refuse_errno);
    Fd fd(::dup(0));
    state_.open[fd.get()] = {attr.config, cpu};
    state_.leaders.push_back(leader);
    state_.pids.push_back(pid);
    return fd;
  }
  Result<PerfReading> read(const Fd& counter) override {
    const auto [config, cpu] = state_.open.at(counter.get());
    PerfReading reading = state_.readings.at(config);
    reading.value += static_cast<std::uint64_t>(cpu);
    return reading;
  }

 private:
  State& state_;
};

struct FakeHost {
  FakeHost() {
    tree.write("sys/devices/system/cpu/online", "0-1\n");
    for (const int cpu : {0, 1})
      tree.write(
          "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/physical_package_id",
          std::to_string(cpu) + "\n");
    const std::string devices = "sys/bus/event_source/devices/";
    tree.write(devices + "cpu/type", "4\n");
    tree.write(devices + "cpu/format/event", "config:0-7\n");
    tree.write(devices + "cpu/events/mem-loads", "event=0xcd\n");
    for (const int i : {0, 1}) {
      const std::string imc = devices + "uncore_imc_" + std::to_string(i) + "/";
      tree.write(imc + "type", std::to_string(20 + i) + "\n");
      tree.write(imc + "cpumask", "0-1\n");
      tree.write(imc + "format/event", "config:0-7\n");
      tree.write(imc + "events/cas_count_read", "event=0x04\n");
    }
    tree.write(devices + "uncore_imc_free_running/type", "30\n");
    tree.write("cgroup/cgroup.controllers", "cpu\n");
    tree.write("cgroup/cgroup.procs", "");
    tree.write("cgroup/web/cgroup.procs", "");
    sys = open_dir((tree.path() + "/sys").c_str()).value();
    root = open_dir((tree.path() + "/cgroup").c_str()).value();
    layout = cgroupfs::open_layout("", root).value();
    clocked = cgroupfs::CgroupTree::create(layout, clock).value();
    for (const auto* group : clocked->update().added)
      if (group->path == "/web") web = group;
  }
  TempTree tree;
  DirFd sys, root;
  RealClock clock;
  cgroupfs::Layout layout;
  std::unique_ptr<cgroupfs::CgroupTree> clocked;
  const cgroupfs::Cgroup* web = nullptr;
};

TEST(PerfPlan, FindsEventsByNameAndNamesWhatIsNotThere) {
  const FakeHost host;
  const PerfPlan plan =
      plan_perf(
          {.core = {{{"cycles", {}}, {"mem-loads", {}}}, {{"mine", PerfCode{4, {9}}}}},
           .uncore = {{{"uncore_imc/cas_count_read", {}}, {"uncore_imc_1/raw", PerfCode{1, {7}}}}}},
          host.sys)
          .value();
  EXPECT_THAT(plan.cpus, ElementsAre(0, 1));
  EXPECT_EQ(plan.core.at(0).at(1).code, (PerfCode{4, {0xcd}}));
  EXPECT_EQ(plan.core.at(1).at(0).code, (PerfCode{4, {9}}));
  ASSERT_EQ(plan.uncore.size(), 2U);
  EXPECT_EQ(*plan.uncore[0].name, "uncore_imc_0");
  EXPECT_THAT(plan.uncore[0].sockets, ElementsAre(0, 1));
  EXPECT_EQ(plan.uncore[1].events.at(0).code, (PerfCode{21, {4}}));
  EXPECT_EQ(plan.uncore[1].events.at(1).code, (PerfCode{21, {7}}))
      << "each instance has its number";
  for (const char* unknown : {"nope", "cpu/nope", "nopmu/x"})
    EXPECT_THAT(plan_perf({.core = {{{unknown, {}}}}}, host.sys).error().subject,
                HasSubstr(std::string("'") + unknown));
  EXPECT_FALSE(plan_perf({.uncore = {{{"cas_count_read", {}}}}}, host.sys));
  EXPECT_FALSE(plan_perf({.uncore = {{{"uncore_cha/x", {}}}}}, host.sys));
}

class PerfCounters : public ::testing::Test {
 protected:
  // config 1: instructions, config 0: cycles, 4: uncore.
  PerfCollector make(PerfConfig config) {
    state_.readings = {{1, {1000, 200, 200}}, {0, {500, 100, 25}}, {4, {40, 0, 0}}};
    return {plan_perf(config, host_.sys).value(), std::make_unique<FakeKernel>(state_)};
  }
  static PerfConfig two() { return {.core = {{{"instructions", {}}, {"cycles", {}}}}}; }
  std::vector<PerfCollector::Target> web() { return {{7, host_.web}}; }

  FakeHost host_;
  FakeKernel::State state_;
};

TEST_F(PerfCounters, AreOpenedPerCpuAndGroupAndScaledUp) {
  PerfCollector perf = make(two());
  perf.collect(web(), host_.layout);
  ASSERT_EQ(state_.open.size(), 4U);
  EXPECT_EQ(state_.leaders[0], -1);
  EXPECT_NE(state_.leaders[1], -1) << "the second of a group follows the first";
  EXPECT_EQ(state_.leaders[2], -1) << "each CPU has its own";
  const auto each = perf.counts(7, true);
  ASSERT_EQ(each.size(), 4U);
  EXPECT_EQ(*each[0].event, "instructions");
  EXPECT_EQ(each[2].cpu, 1);
  EXPECT_EQ(each[2].value, 1001U);
  EXPECT_EQ(each[1].value, 2000U) << "counted in a quarter of the time";
  EXPECT_DOUBLE_EQ(each[1].scaling, 0.25);
  const auto sums = perf.counts(7, false);
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums[0].value, 2001U);
  EXPECT_EQ(sums[0].cpu, -1);
  EXPECT_DOUBLE_EQ(sums[1].scaling, 0.25);
  EXPECT_TRUE(perf.counts(8, true).empty());
  EXPECT_EQ(perf.stats().counters, 4U);
}

TEST_F(PerfCounters, AreKeptAndClosedWithTheContainer) {
  PerfCollector perf = make(two());
  perf.collect(web(), host_.layout);
  perf.collect(web(), host_.layout);
  EXPECT_EQ(state_.leaders.size(), 4U) << "opened once";
  perf.collect({}, host_.layout);
  EXPECT_EQ(perf.stats().counters, 0U);
  EXPECT_TRUE(perf.counts(7, true).empty());
}

TEST_F(PerfCounters, ContainersBeyondTheLimitAreLeftOutAndCounted) {
  PerfConfig config = two();
  config.max_counters = 3;
  PerfCollector perf = make(std::move(config));
  perf.collect(web(), host_.layout);
  EXPECT_EQ(perf.stats().left_out, 1U);
  EXPECT_EQ(perf.stats().counters, 0U);
}

TEST_F(PerfCounters, ARefusalIsNotRepeatedAtEveryTick) {
  PerfCollector perf = make(two());
  state_.refuse_errno = EACCES;
  perf.collect(web(), host_.layout);
  perf.collect(web(), host_.layout);
  EXPECT_EQ(perf.stats().refused, 1U);
  EXPECT_EQ(perf.stats().missing, "CAP_PERFMON");
  EXPECT_TRUE(perf.counts(7, false).empty());
}

TEST_F(PerfCounters, UncoreIsTheHostsPerSocket) {
  PerfCollector perf = make({.uncore = {{{"uncore_imc/cas_count_read", {}}}}});
  perf.collect({}, host_.layout);
  ASSERT_EQ(perf.uncore().size(), 4U);
  EXPECT_EQ(*perf.uncore()[0].event, "cas_count_read");
  EXPECT_EQ(*perf.uncore()[0].pmu, "uncore_imc_0");
  EXPECT_EQ(perf.uncore()[1].socket, 1);
  EXPECT_EQ(perf.uncore()[1].value, 41U);
  EXPECT_DOUBLE_EQ(perf.uncore()[1].scaling, 1) << "never enabled is nothing missed";
  EXPECT_EQ(state_.pids[0], -1);
}

}  // namespace
}  // namespace plimsoll::exporter
