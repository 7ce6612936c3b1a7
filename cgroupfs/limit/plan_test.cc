// What is written, in which order, and what is refused, on hosts written down here. That the rules
// are the kernel's is plan_kernel_test.cc's business.
#include "cgroupfs/limit/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "cgroupfs/limit/test_views.h"

namespace plimsoll::limit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Texts = std::initializer_list<std::string_view>;

Plan plan_for(const KernelView& view, Texts texts, const PlanOptions& options = {}) {
  return make_plan(view, std::vector<Wanted>{{"/a", limits_of(texts)}}, options);
}

// "/a cpu.max=25000 100000", with "!EINVAL" behind what the kernel will refuse.
std::vector<std::string> writes_of(const Plan& plan) {
  std::vector<std::string> out;
  for (const Write& write : plan.writes)
    out.push_back(write.at.cgroup + " " + write.file + "=" + write.new_text +
                  (write.predicted_errno == 0 ? "" : "!" + std::to_string(write.predicted_errno)));
  return out;
}

std::string reason_of(const Plan& plan) {
  return plan.refusals.empty() ? "" : plan.refusals.front().reason;
}

struct Simple {
  const char* name;
  int version;
  const char* asked;
  const char* file;
  const char* text;
};
class OneKnob : public ::testing::TestWithParam<Simple> {};

TEST_P(OneKnob, IsOneWriteToItsFile) {
  const Simple& row = GetParam();
  PlanOptions options;
  options.v1_write_caps = PlanOptions::DirectIo::kAccept;
  const Plan plan = plan_for(ViewOf(row.version, {"/a"}).view(), {row.asked}, options);
  EXPECT_TRUE(plan.ok()) << to_text(plan);
  EXPECT_THAT(writes_of(plan), ElementsAre("/a " + std::string(row.file) + "=" + row.text));
}

INSTANTIATE_TEST_SUITE_P(
    , OneKnob,
    ::testing::Values(
        Simple{"WeightV2", 2, "cpu.weight=200", "cpu.weight", "200"},
        Simple{"WeightV1", 1, "cpu.weight=10000", "cpu.shares", "262144"},
        Simple{"SharesV2", 2, "cpu.shares=512", "cpu.weight", "59"},
        Simple{"SharesV1", 1, "cpu.shares=512", "cpu.shares", "512"},
        Simple{"CpusV2", 2, "cpus=0.25", "cpu.max", "25000 100000"},
        Simple{"CpusV1", 1, "cpus=0.25", "cpu.cfs_quota_us", "25000"},
        Simple{"PeriodV2", 2, "cpu.period=50ms", "cpu.max", "max 50000"},
        Simple{"PeriodV1", 1, "cpu.period=50ms", "cpu.cfs_period_us", "50000"},
        Simple{"IdleV2", 2, "cpu.idle=on", "cpu.idle", "1"},
        Simple{"CpusetV2", 2, "cpuset.cpus=1-2", "cpuset.cpus", "1-2"},
        Simple{"CpusetV1", 1, "cpuset.cpus=1-2", "cpuset.cpus", "1-2"},
        Simple{"MemoryV2", 2, "memory=64M", "memory.max", "67108864"},
        Simple{"MemoryV1", 1, "memory=64M", "memory.limit_in_bytes", "67108864"},
        Simple{"MemoryRounded", 2, "memory=67108865", "memory.max", "67108864"},
        Simple{"Reservation", 1, "memory.reservation=64M", "memory.soft_limit_in_bytes",
               "67108864"},
        Simple{"Low", 2, "memory.low=64M", "memory.low", "67108864"},
        Simple{"High", 2, "memory.high=64M", "memory.high", "67108864"},
        Simple{"Swap", 2, "memory.swap=0", "memory.swap.max", "0"},
        Simple{"OomGroup", 2, "memory.oom_group=on", "memory.oom.group", "1"},
        Simple{"Swappiness", 1, "memory.swappiness=10", "memory.swappiness", "10"},
        Simple{"OomKillDisable", 1, "memory.oom_kill_disable=on", "memory.oom_control", "1"},
        Simple{"PidsV1", 1, "pids=100", "pids.max", "100"},
        Simple{"ReadsV1", 1, "io.rbps=8:0=1M", "blkio.throttle.read_bps_device", "8:0 1048576"},
        Simple{"WritesV1", 1, "io.wiops=8:0=10", "blkio.throttle.write_iops_device", "8:0 10"},
        Simple{"ReadsV2", 2, "io.rbps=8:0=1M", "io.max", "8:0 rbps=1048576"},
        Simple{"WeightOfAllDisks", 2, "io.weight=50", "io.weight", "default 50"},
        Simple{"WeightOfADisk", 2, "io.weight=8:0=50", "io.weight", "8:0 50"},
        Simple{"BfqV1", 1, "io.bfq.weight=50", "blkio.bfq.weight", "50"},
        Simple{"BfqOfADiskV1", 1, "io.bfq.weight=8:0=50", "blkio.bfq.weight_device", "8:0 50"},
        Simple{"HugeV1", 1, "hugetlb.max=2MB=5M", "hugetlb.2MB.limit_in_bytes", "4194304"},
        Simple{"HugeV2", 2, "hugetlb.max=2MB=4M", "hugetlb.2MB.max", "4194304"},
        Simple{"FreezeV1", 1, "freeze=on", "freezer.state", "FROZEN"},
        Simple{"FreezeV2", 2, "freeze=on", "cgroup.freeze", "1"}),
    [](const auto& row) { return std::string(row.param.name); });

struct Refused {
  const char* name;
  int version;
  const char* asked;
  const char* says;
};
class NotPlanned : public ::testing::TestWithParam<Refused> {};

TEST_P(NotPlanned, SaysWhy) {
  const Refused& row = GetParam();
  const Plan plan =
      plan_for(ViewOf(row.version, {"/a"}).without("/a", "cpu.cfs_burst_us").view(), {row.asked});
  EXPECT_FALSE(plan.ok());
  EXPECT_THAT(plan.writes, IsEmpty()) << to_text(plan);
  EXPECT_THAT(reason_of(plan), HasSubstr(row.says));
}

INSTANTIATE_TEST_SUITE_P(
    , NotPlanned,
    ::testing::Values(
        Refused{"WriteCapV1", 1, "io.wbps=8:0=1M", "does not count buffered writes"},
        Refused{"HighV1", 1, "memory.high=64M", "cannot throttle"},
        Refused{"MinV1", 1, "memory.min=64M", "no hard protection"},
        Refused{"OomGroupV1", 1, "memory.oom_group=on", "one process at a time"},
        Refused{"SwappinessV2", 2, "memory.swappiness=10", "no such control"},
        Refused{"OomKillDisableV2", 2, "memory.oom_kill_disable=on", "no such control"},
        Refused{"BurstNotOffered", 1, "cpu.burst=10ms", "no cpu.cfs_burst_us"},
        Refused{"LatencyNotOffered", 2, "io.latency=8:0=10ms", "no io.latency"},
        Refused{"CostIsTheHosts", 2, "io.cost.qos=8:0=enable=1", "only the root group"},
        Refused{"OneShare", 1, "cpu.shares=1", "from 2 to 262144"},
        Refused{"NoWeight", 2, "cpu.weight=0", "from 1 to 10000"},
        Refused{"TooManyOperations", 1, "io.riops=8:0=4294967296", "from 2 to 4294967294"},
        Refused{"TooLittleTime", 2, "cpus=0.001", "1000 us or more"},
        Refused{"Partition", 2, "io.rbps=8:1=1M", "whole disks only"},
        Refused{"NoBlkioWeight", 1, "io.weight=100", "no blkio.weight"},
        Refused{"SwapWithoutMemory", 1, "memory.swap=64M", "set memory.max as well"},
        Refused{"HugePagesOfNoSize", 2, "hugetlb.max=16KB=1M", "no hugetlb.16KB.max"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Plan, WhatIsSoAlreadyIsNotWritten) {
  const ViewOf host(2, {"/a"});
  EXPECT_THAT(plan_for(host.view(), {"memory=max", "cpu.weight=100", "pids=unset"}).writes,
              IsEmpty());
}

TEST(Plan, UnsetIsTheKernelsDefault) {
  ViewOf v2(2, {"/a"});
  v2.set("/a", "memory.max", "4096")
      .set("/a", "cpu.max", "1000 50000")
      .set("/a", "io.max", "8:0 rbps=5 wbps=max riops=max wiops=max");
  EXPECT_THAT(writes_of(plan_for(v2.view(), {"memory=unset", "cpus=unset", "cpu.period=unset",
                                             "io.rbps=8:0=unset"})),
              ::testing::UnorderedElementsAre("/a memory.max=max", "/a cpu.max=max 100000",
                                              "/a io.max=8:0 rbps=max"));
  ViewOf v1(1, {"/a"});
  v1.set("/a", "memory.limit_in_bytes", "4096")
      .set("/a", "memory.swappiness", "5")
      .set("/a", "cpuset.cpus", "1");
  EXPECT_THAT(writes_of(plan_for(v1.view(),
                                 {"memory=unset", "memory.swappiness=unset", "cpuset.cpus=unset"})),
              ::testing::UnorderedElementsAre("/a memory.limit_in_bytes=-1",
                                              "/a memory.swappiness=60", "/a cpuset.cpus=0-3"));
}

TEST(Plan, OneKnobOfASharedFileLeavesTheOther) {
  ViewOf host(2, {"/a"});
  host.set("/a", "cpu.max", "30000 50000")
      .set("/a", "io.max", "8:0 rbps=5 wbps=6 riops=max wiops=max");
  EXPECT_THAT(writes_of(plan_for(host.view(), {"cpu.quota=20000us"})),
              ElementsAre("/a cpu.max=20000 50000"));
  EXPECT_THAT(writes_of(plan_for(host.view(), {"cpu.period=100ms"})),
              ElementsAre("/a cpu.max=30000 100000"));
  const Plan io = plan_for(host.view(), {"io.wbps=8:0=7"});
  ASSERT_THAT(writes_of(io), ElementsAre("/a io.max=8:0 wbps=7"));
  EXPECT_EQ(io.writes[0].expected, "rbps=5 wbps=7 riops=max wiops=max");
  EXPECT_THAT(io.writes[0].undo,
              ElementsAre(UndoWrite{"io.max", "8:0 rbps=5 wbps=6 riops=max wiops=max"}));
}

TEST(Plan, V1MemoryAndSwapMoveInTheOrderThatIsNeverRefused) {
  ViewOf host(1, {"/a"});
  host.set("/a", "memory.limit_in_bytes", "67108864")
      .set("/a", "memory.memsw.limit_in_bytes", "67108864");
  // Swap stays none: both move.
  EXPECT_THAT(writes_of(plan_for(host.view(), {"memory=128M"})),
              ElementsAre("/a memory.memsw.limit_in_bytes=134217728",
                          "/a memory.limit_in_bytes=134217728"));
  EXPECT_THAT(
      writes_of(plan_for(host.view(), {"memory=32M"})),
      ElementsAre("/a memory.limit_in_bytes=33554432", "/a memory.memsw.limit_in_bytes=33554432"));
  EXPECT_THAT(writes_of(plan_for(host.view(), {"memory.swap=64M"})),
              ElementsAre("/a memory.memsw.limit_in_bytes=134217728"));
  EXPECT_THAT(reason_of(plan_for(host.view(), {"memory=unset"})),
              HasSubstr("unset memory.swap as well"));
  EXPECT_TRUE(plan_for(host.view(), {"memory=unset", "memory.swap=unset"}).ok());
}

TEST(Plan, V1QuotaPeriodAndBurst) {
  ViewOf host(1, {"/a"});
  host.set("/a", "cpu.cfs_quota_us", "100000").set("/a", "cpu.cfs_burst_us", "50000");
  EXPECT_THAT(writes_of(plan_for(host.view(), {"cpu.quota=40000us"})),
              ElementsAre("/a cpu.cfs_quota_us=40000!22"));
  EXPECT_THAT(writes_of(plan_for(host.view(), {"cpu.quota=40000us", "cpu.burst=20ms"})),
              ElementsAre("/a cpu.cfs_burst_us=20000", "/a cpu.cfs_quota_us=40000"));
  EXPECT_THAT(writes_of(plan_for(host.view(), {"cpu.quota=400ms", "cpu.burst=200ms"})),
              ElementsAre("/a cpu.cfs_quota_us=400000", "/a cpu.cfs_burst_us=200000"));
}

TEST(Plan, V1QuotaAndPeriodBetweenParentAndChild) {
  ViewOf host(1, {"/p", "/p/a", "/p/a/c"});
  for (const char* group : {"/p", "/p/a", "/p/a/c"}) host.set(group, "cpu.cfs_quota_us", "100000");
  // Either first step is more than the parent's or less than the child's.
  const Plan plan = make_plan(
      host.view(), std::vector<Wanted>{{"/p/a", limits_of({"cpu.quota=50ms", "cpu.period=50ms"})}});
  EXPECT_TRUE(plan.ok()) << to_text(plan);
  EXPECT_THAT(writes_of(plan),
              ElementsAre("/p/a cpu.cfs_quota_us=-1", "/p/a cpu.cfs_period_us=50000",
                          "/p/a cpu.cfs_quota_us=50000"));
}

TEST(Plan, ParentsGrowFirstAndChildrenShrinkFirst) {
  ViewOf host(1, {"/a", "/a/b"});
  host.set("/a", "cpu.cfs_quota_us", "50000").set("/a/b", "cpu.cfs_quota_us", "50000");
  const auto both = [&](const char* quota) {
    return writes_of(make_plan(host.view(), std::vector<Wanted>{{"/a/b", limits_of({quota})},
                                                                {"/a", limits_of({quota})}}));
  };
  EXPECT_THAT(both("cpus=1"),
              ElementsAre("/a cpu.cfs_quota_us=100000", "/a/b cpu.cfs_quota_us=100000"));
  EXPECT_THAT(both("cpus=0.1"),
              ElementsAre("/a/b cpu.cfs_quota_us=10000", "/a cpu.cfs_quota_us=10000"));
}

TEST(Plan, CpusetsOfATreeMoveThroughBoth) {
  ViewOf host(1, {"/a", "/a/b"});
  host.set("/a", "cpuset.cpus", "0-1").set("/a/b", "cpuset.cpus", "1");
  const Plan plan =
      make_plan(host.view(), std::vector<Wanted>{{"/a", limits_of({"cpuset.cpus=2-3"})},
                                                 {"/a/b", limits_of({"cpuset.cpus=3"})}});
  EXPECT_TRUE(plan.ok()) << to_text(plan);
  EXPECT_THAT(writes_of(plan),
              ElementsAre("/a cpuset.cpus=0-3", "/a/b cpuset.cpus=3", "/a cpuset.cpus=2-3"));
  EXPECT_THAT(writes_of(make_plan(host.view(),
                                  std::vector<Wanted>{{"/a", limits_of({"cpuset.cpus=2-3"})}})),
              ElementsAre("/a cpuset.cpus=2-3!" + std::to_string(EBUSY)));
  EXPECT_THAT(writes_of(make_plan(host.view(),
                                  std::vector<Wanted>{{"/a/b", limits_of({"cpuset.cpus=2"})}})),
              ElementsAre("/a/b cpuset.cpus=2!" + std::to_string(EACCES)));
}

TEST(Plan, V2CpusetThatAnAncestorClipsWouldNotHold) {
  ViewOf host(2, {"/a", "/a/b"});
  host.set("/a", "cpuset.cpus", "0-1");
  const Plan plan =
      make_plan(host.view(), std::vector<Wanted>{{"/a/b", limits_of({"cpuset.cpus=1-2"})}});
  EXPECT_THAT(reason_of(plan), HasSubstr("its ancestors leave 1"));
  const Plan inside =
      make_plan(host.view(), std::vector<Wanted>{{"/a/b", limits_of({"cpuset.cpus=1"})}});
  ASSERT_TRUE(inside.ok());
  EXPECT_EQ(inside.writes[0].effective_file, "cpuset.cpus.effective");
  EXPECT_EQ(inside.writes[0].effective_text, "1");
}

TEST(Plan, V2HugePagesOfTheHostComeWithTheirController) {
  ViewOf host(2, {"/a"});
  host.set("/", "cgroup.subtree_control", "cpu")
      .set("/a", "cgroup.controllers", "cpu")
      .without("/a", "hugetlb.2MB.max");
  const Plan plan = plan_for(host.view(), {"hugetlb.max=2MB=4M"});
  EXPECT_TRUE(plan.ok()) << to_text(plan);
  EXPECT_THAT(writes_of(plan),
              ElementsAre("/ cgroup.subtree_control=+hugetlb", "/a hugetlb.2MB.max=4194304"));
  EXPECT_FALSE(plan_for(host.view(), {"hugetlb.max=1GB=1G"}).refusals.empty());
}

TEST(Plan, V2ControllersAreEnabledFromTheTop) {
  ViewOf host(2, {"/a", "/a/b", "/a/b/c"});
  host.set("/a", "cgroup.subtree_control", "cpu");
  for (const char* group : {"/a/b", "/a/b/c"})
    host.set(group, "cgroup.controllers", "cpu")
        .set(group, "cgroup.subtree_control", "")
        .without(group, "memory.max");
  const std::vector<Wanted> wanted = {{"/a/b/c", limits_of({"memory=64M"})}};
  const Plan plan = make_plan(host.view(), wanted);
  EXPECT_TRUE(plan.ok()) << to_text(plan);
  EXPECT_THAT(writes_of(plan),
              ElementsAre("/a cgroup.subtree_control=+memory",
                          "/a/b cgroup.subtree_control=+memory", "/a/b/c memory.max=67108864"));
  EXPECT_EQ(plan.writes[2].old_text, "max");
  EXPECT_THAT(plan.writes[0].undo, ElementsAre(UndoWrite{"cgroup.subtree_control", "-memory"}));

  PlanOptions never;
  never.enabling = PlanOptions::Enabling::kRefuse;
  EXPECT_THAT(reason_of(make_plan(host.view(), wanted, never)),
              HasSubstr("\"memory\" is not enabled"));

  host.populated("/a/b");
  const Plan busy = make_plan(host.view(), wanted);
  EXPECT_FALSE(busy.ok());
  EXPECT_EQ(busy.writes[1].predicted_errno, EBUSY);
  EXPECT_THAT(busy.writes[1].reason, HasSubstr("has processes of its own"));
  // The kernel would take "+pids", and c would take no process any more.
  host.without("/a/b/c", "pids.max");
  host.set("/a", "cgroup.subtree_control", "cpu pids")
      .set("/a/b", "cgroup.controllers", "cpu pids");
  EXPECT_THAT(
      reason_of(make_plan(host.view(), std::vector<Wanted>{{"/a/b/c", limits_of({"pids=5"})}})),
      HasSubstr("has processes of its own"));
}

TEST(Plan, WhatAManagerHasIsLeftToIt) {
  ViewOf host(2, {"/a"});
  host.managed("/a", "systemd's a.service");
  EXPECT_THAT(reason_of(plan_for(host.view(), {"memory=64M"})), HasSubstr("systemd's a.service"));
  PlanOptions told;
  told.managed = PlanOptions::Managed::kWrite;
  EXPECT_TRUE(plan_for(host.view(), {"memory=64M"}, told).ok());
}

TEST(Plan, IdleLosesTheWeightAndUndoBringsItBack) {
  ViewOf host(2, {"/a"});
  host.set("/a", "cpu.weight", "250");
  const Plan plan = plan_for(host.view(), {"cpu.idle=on"});
  ASSERT_EQ(plan.writes.size(), 1U);
  EXPECT_THAT(plan.writes[0].undo,
              ElementsAre(UndoWrite{"cpu.idle", "0"}, UndoWrite{"cpu.weight", "250"}));
  host.set("/a", "cpu.idle", "1");
  const Plan weight = plan_for(host.view(), {"cpu.weight=300"});
  EXPECT_THAT(writes_of(weight), ElementsAre("/a cpu.weight=300!22"));
  EXPECT_THAT(weight.writes[0].reason, HasSubstr("an idle group has no weight"));
  EXPECT_THAT(writes_of(plan_for(host.view(), {"cpu.weight=300", "cpu.idle=off"})),
              ElementsAre("/a cpu.idle=0", "/a cpu.weight=300"));
}

TEST(Plan, WeightAndSharesAreOneThing) {
  const Plan plan = plan_for(ViewOf(2, {"/a"}).view(), {"cpu.weight=300", "cpu.shares=512"});
  EXPECT_THAT(reason_of(plan), HasSubstr("they are one thing"));
}

TEST(Plan, SaysWhichFormulaMadeTheWeight) {
  PlanOptions linear;
  linear.formula = SharesFormula::kLinear;
  const Plan plan = plan_for(ViewOf(2, {"/a"}).view(), {"cpu.shares=1024"}, linear);
  EXPECT_THAT(writes_of(plan), ElementsAre("/a cpu.weight=39"));
  EXPECT_THAT(plan.writes[0].reason, HasSubstr("linear formula"));
}

TEST(Plan, SaysWhatDependsOnTheProcesses) {
  ViewOf v1(1, {"/a"});
  v1.set("/a", "memory.usage_in_bytes", "99999744");
  EXPECT_THAT(plan_for(v1.view(), {"memory=64M"}).writes.at(0).hazard, HasSubstr("EBUSY unless"));
  ViewOf v2(2, {"/a"});
  v2.set("/a", "memory.current", "99999744").set("/a", "pids.current", "7");
  EXPECT_THAT(plan_for(v2.view(), {"memory=64M"}).writes.at(0).hazard, HasSubstr("OOM killer"));
  EXPECT_THAT(plan_for(v2.view(), {"pids=5"}).writes.at(0).hazard, HasSubstr("7 are there"));
}

TEST(Plan, SaysWhereAnAncestorHasLess) {
  ViewOf host(2, {"/a", "/a/b"});
  host.set("/a", "memory.max", "4096");
  const auto hazard = [&](Texts texts) {
    return make_plan(host.view(), std::vector<Wanted>{{"/a/b", limits_of(texts)}})
        .writes.at(0)
        .hazard;
  };
  EXPECT_EQ(hazard({"memory=64M"}), "its ancestor /a is bounded by 4096");
  EXPECT_EQ(hazard({"memory=4096"}), "");
  EXPECT_EQ(hazard({"memory.low=1M"}), "its ancestor /a is itself protected by only 0");
  // At the end of the plan it has more.
  const Plan both = make_plan(
      host.view(),
      std::vector<Wanted>{{"/a", limits_of({"memory=1G"})}, {"/a/b", limits_of({"memory=64M"})}});
  for (const Write& write : both.writes) EXPECT_EQ(write.hazard, "");
}

TEST(Plan, ThawingBelowAFrozenGroupWouldNotHold) {
  ViewOf host(1, {"/a", "/a/b"});
  for (const char* group : {"/a", "/a/b"})
    host.set(group, "freezer.state", "FROZEN").set(group, "freezer.self_freezing", "1");
  EXPECT_THAT(
      reason_of(make_plan(host.view(), std::vector<Wanted>{{"/a/b", limits_of({"freeze=off"})}})),
      HasSubstr("one of its ancestors is"));
  EXPECT_TRUE(make_plan(host.view(), std::vector<Wanted>{{"/a/b", limits_of({"freeze=off"})},
                                                         {"/a", limits_of({"freeze=off"})}})
                  .ok());
}

TEST(Plan, TextIsOneLinePerWriteAndRefusal) {
  const Plan plan = plan_for(ViewOf(1, {"/a"}).view(), {"cpus=0.25", "memory.high=64M"});
  EXPECT_EQ(to_text(plan),
            "  /a cpu.cfs_quota_us: -1 -> 25000  # cpu.quota 0.25 cpus\n"
            "! /a memory.high: refused, cgroup v1 cannot throttle at a memory limit; only "
            "memory.max is enforced\n");
}

TEST(Plan, AGroupThatIsNotThereIsRefused) {
  const Plan plan =
      make_plan(ViewOf(2, {}).view(), std::vector<Wanted>{{"/x", limits_of({"pids=5"})}});
  EXPECT_EQ(reason_of(plan), "there is no such group");
}

}  // namespace
}  // namespace plimsoll::limit
