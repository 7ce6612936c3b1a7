// Everything or nothing, whatever fails: faults at every call, with every errno a control file can
// answer.
#include "cgroupfs/limit/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/test_views.h"

namespace plimsoll::limit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::array kErrnos = {EINVAL, EBUSY,  EACCES, EPERM,  ENOENT, ENODEV, ERANGE, EIO,
                                EINTR,  ENOMEM, EROFS,  EMFILE, ENFILE, EAGAIN, ENOSPC, EOPNOTSUPP};

// Two groups, many knobs, side effects, detours and keys.
struct Case {
  const char* name;
  ViewOf host;
  std::vector<Wanted> wanted;
};

Case case_v1() {
  ViewOf host(1, {"/a", "/a/b"});
  host.set("/a", "cpu.cfs_quota_us", "100000").set("/a/b", "cpu.cfs_quota_us", "50000");
  host.set("/a", "cpuset.cpus", "0-1").set("/a/b", "cpuset.cpus", "1");
  host.set("/a", "memory.limit_in_bytes", "67108864")
      .set("/a", "memory.memsw.limit_in_bytes", "67108864");
  host.set("/a", "blkio.throttle.read_bps_device", "8:0 77").set("/a", "cpu.shares", "300");
  return {"v1",
          host,
          {{"/a", limits_of({"cpus=0.5", "cpu.period=50ms", "cpuset.cpus=2-3", "memory=128M",
                             "io.rbps=8:0=1M", "cpu.idle=on", "freeze=on",
                             "memory.oom_kill_disable=on"})},
           {"/a/b", limits_of({"cpus=0.1", "cpuset.cpus=3", "pids=7"})}}};
}

Case case_v2() {
  ViewOf host(2, {"/a", "/a/b"});
  host.set("/a", "cgroup.subtree_control", "cpu")
      .without("/a/b", "memory.max")
      .without("/a/b", "memory.high");
  host.set("/a/b", "cgroup.controllers", "cpu cpuset io pids")
      .set("/a/b", "cgroup.subtree_control", "");
  host.set("/a", "cpu.weight", "300")
      .set("/a", "io.max", "8:0 rbps=5 wbps=max riops=max wiops=max");
  return {"v2",
          host,
          {{"/a", limits_of({"cpus=0.5", "memory=128M", "io.rbps=8:0=1M", "cpu.idle=on",
                             "io.weight=8:0=50"})},
           {"/a/b", limits_of({"memory=64M", "memory.high=60M", "pids=7", "freeze=on"})}}};
}

// All texts of a view: what must be the same again.
std::vector<std::string> texts_of(const KernelModel& model) {
  std::vector<std::string> texts;
  for (const GroupView& group : model.view().groups)
    for (const FileText& file : group.files)
      // A controller that was enabled leaves files with defaults; the list of enabled ones says
      // whether they count.
      if (file.name != "cgroup.controllers" && file.name != "memory.max" &&
          file.name != "memory.high")
        texts.push_back(group.path + " " + file.name + " " + file.text);
  std::ranges::sort(texts);
  return texts;
}
// Files appear with a controller: only those of the first that are in the second are compared.
bool as_before(const KernelModel& before, const KernelModel& after) {
  const auto now = texts_of(after);
  return std::ranges::all_of(texts_of(before), [&](const std::string& text) {
    return std::ranges::binary_search(now, text);
  });
}

std::vector<WriteState> states_of(const Applied& applied) {
  std::vector<WriteState> states;
  for (const WriteOutcome& outcome : applied.writes) states.push_back(outcome.state);
  return states;
}

class ApplyCases : public ::testing::TestWithParam<Case (*)()> {
 protected:
  const Case case_ = GetParam()();
  const Plan plan_ = make_plan(case_.host.view(), case_.wanted);
};

TEST_P(ApplyCases, WithoutFaultsEverythingIsDoneAndReadBack) {
  ASSERT_TRUE(plan_.ok()) << to_text(plan_);
  FakeKernel kernel(case_.host.view());
  const Applied applied = apply(plan_, kernel);
  EXPECT_EQ(applied.end, Applied::End::kDone);
  EXPECT_FALSE(applied.error);
  for (std::size_t i = 0; i < plan_.writes.size(); ++i) {
    EXPECT_EQ(applied.writes[i].state, WriteState::kDone) << plan_.writes[i].file;
    EXPECT_EQ(applied.writes[i].read_back, plan_.writes[i].expected);
  }
  EXPECT_TRUE(make_plan(kernel.model().view(), case_.wanted).writes.empty())
      << to_text(make_plan(kernel.model().view(), case_.wanted));
}

TEST_P(ApplyCases, AnErrnoAtAnyCallLeavesEverythingAsItWas) {
  const KernelModel before(case_.host.view());
  FakeKernel dry(case_.host.view());
  (void)apply(plan_, dry);
  std::size_t cases = 0;
  for (std::size_t at = 0; at < dry.calls(); ++at)
    for (const int os_error : kErrnos) {
      FakeKernel kernel(case_.host.view(),
                        [&](std::size_t i, Call) { return i == at ? os_error : 0; });
      const Applied applied = apply(plan_, kernel);
      ++cases;
      // A group that vanished needs no undo, so with ENODEV the write before it may stay.
      if (os_error == ENODEV) continue;
      ASSERT_EQ(applied.end, Applied::End::kUndone) << "call " << at << " errno " << os_error;
      ASSERT_TRUE(as_before(before, kernel.model())) << "call " << at << " errno " << os_error;
      ASSERT_TRUE(applied.error && applied.failed);
      ASSERT_EQ(applied.error->os_error, os_error);
    }
  EXPECT_GT(cases, plan_.writes.size() * kErrnos.size());
}

// From some call on nothing works any more: then it is said which writes stayed.
TEST_P(ApplyCases, UndoThatFailsIsToldWriteByWrite) {
  const KernelModel before(case_.host.view());
  for (std::size_t at = 1; at < 2 * plan_.writes.size(); ++at) {
    FakeKernel kernel(case_.host.view(), [&](std::size_t i, Call) { return i >= at ? EIO : 0; });
    const Applied applied = apply(plan_, kernel);
    ASSERT_TRUE(applied.error);
    const bool changed = kernel.writes() > 0;
    ASSERT_EQ(applied.end, changed ? Applied::End::kStuck : Applied::End::kUndone) << at;
    for (std::size_t i = 0; i < plan_.writes.size(); ++i) {
      const bool stuck = applied.writes[i].state == WriteState::kStuck;
      EXPECT_EQ(stuck, applied.writes[i].undo_error.has_value());
      EXPECT_NE(applied.writes[i].state, WriteState::kUndone) << "nothing could be undone";
    }
  }
}

TEST_P(ApplyCases, ACrashAtAnyWriteIsTakenBack) {
  const KernelModel before(case_.host.view());
  for (std::size_t begun = 0; begun <= plan_.writes.size(); ++begun)
    for (const bool last_happened : {false, true}) {
      FakeKernel kernel(case_.host.view());
      for (std::size_t i = 0; i < begun; ++i)
        if (i + 1 < begun || last_happened) {
          const Write& write = plan_.writes[i];
          ASSERT_TRUE(kernel.write(write.at, write.file, write.new_text));
        }
      const Applied taken = take_back(plan_, begun, kernel);
      ASSERT_EQ(taken.end, Applied::End::kUndone) << begun;
      ASSERT_TRUE(as_before(before, kernel.model())) << begun;
    }
}

INSTANTIATE_TEST_SUITE_P(, ApplyCases, ::testing::Values(&case_v1, &case_v2),
                         [](const auto& row) { return row.param().name; });

const Wanted kTwo = {"/a", limits_of({"pids=7", "cpu.weight=300", "memory=64M"})};

Plan plan_of_three() {
  return make_plan(ViewOf(2, {"/a"}).view(), std::vector<Wanted>{kTwo});
}

TEST(Apply, APlanWithARefusalIsNotBegun) {
  ViewOf host(2, {"/a"});
  const Plan plan = make_plan(
      host.view(), std::vector<Wanted>{{"/a", limits_of({"pids=7", "memory.swappiness=5"})}});
  FakeKernel kernel(host.view());
  const Applied applied = apply(plan, kernel);
  EXPECT_EQ(applied.end, Applied::End::kUndone);
  EXPECT_EQ(applied.error->kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(kernel.calls(), 0U);
  EXPECT_THAT(states_of(applied), ElementsAre(WriteState::kNotTried));
}

TEST(Apply, WhatReadsBackAsSomethingElseIsTakenBack) {
  Plan plan = plan_of_three();
  plan.writes[1].expected = "something else";
  FakeKernel kernel(ViewOf(2, {"/a"}).view());
  const Applied applied = apply(plan, kernel);
  EXPECT_EQ(applied.end, Applied::End::kUndone);
  EXPECT_EQ(applied.failed, 1U);
  EXPECT_THAT(applied.error->subject, HasSubstr("something else"));
  EXPECT_THAT(states_of(applied),
              ElementsAre(WriteState::kUndone, WriteState::kDiffers, WriteState::kNotTried));
  EXPECT_TRUE(as_before(KernelModel(ViewOf(2, {"/a"}).view()), kernel.model()));
}

TEST(Apply, AnEffectiveValueThatDiffersIsAFailure) {
  ViewOf host(2, {"/a"});
  const Plan plan =
      make_plan(host.view(), std::vector<Wanted>{{"/a", limits_of({"cpuset.cpus=1"})}});
  ASSERT_EQ(plan.writes.at(0).effective_text, "1");
  FakeKernel kernel(host.view());  // Its cpuset.cpus.effective stays 0-3.
  const Applied applied = apply(plan, kernel);
  EXPECT_EQ(applied.end, Applied::End::kUndone);
  EXPECT_THAT(applied.error->subject, HasSubstr("cpuset.cpus.effective is \"0-3\", not \"1\""));
}

TEST(Apply, ACpusetOfProcessesGetsBackWhatStandsForNoList) {
  const ViewOf host = ViewOf(2, {"/a"}).populated("/a").without("/a", "cpuset.cpus.effective");
  const Plan plan =
      make_plan(host.view(), std::vector<Wanted>{{"/a", limits_of({"cpuset.cpus=1"})}});
  ASSERT_TRUE(plan.ok()) << to_text(plan);
  ASSERT_EQ(plan.writes.back().old_text, "");
  FakeKernel kernel(host.view());
  ASSERT_EQ(apply(plan, kernel).end, Applied::End::kDone);
  EXPECT_EQ(take_back(plan, plan.writes.size(), kernel).end, Applied::End::kUndone);
  EXPECT_EQ(*kernel.model().text(*host.view().index_of("/a"), "cpuset.cpus"), "0-3");
  // Without processes it has none again.
  const ViewOf empty = ViewOf(2, {"/a"}).without("/a", "cpuset.cpus.effective");
  const Plan alone =
      make_plan(empty.view(), std::vector<Wanted>{{"/a", limits_of({"cpuset.cpus=1"})}});
  FakeKernel other(empty.view());
  ASSERT_EQ(apply(alone, other).end, Applied::End::kDone);
  EXPECT_EQ(take_back(alone, alone.writes.size(), other).end, Applied::End::kUndone);
  EXPECT_EQ(*other.model().text(*empty.view().index_of("/a"), "cpuset.cpus"), "");
}

TEST(Apply, AGroupThatVanishedHasNothingToTakeBack) {
  const Plan plan = plan_of_three();
  FakeKernel kernel(ViewOf(2, {"/a"}).view(),
                    [](std::size_t i, Call) { return i >= 2 ? ENODEV : 0; });
  const Applied applied = apply(plan, kernel);
  EXPECT_EQ(applied.end, Applied::End::kUndone);
  EXPECT_THAT(states_of(applied),
              ElementsAre(WriteState::kGone, WriteState::kGone, WriteState::kNotTried));
}

// Notes what it is told; fails when told to.
class Notes : public WriteJournal {
 public:
  explicit Notes(std::size_t fail_before = ~std::size_t{0}) : fail_before_(fail_before) {}
  Result<> before_write(const Plan&, std::size_t index) override {
    if (index == fail_before_) return failure(ErrorKind::kIo, "journal", "disk full");
    lines.push_back("write " + std::to_string(index));
    return {};
  }
  void after_write(const Plan&, std::size_t index, const WriteOutcome& outcome) override {
    lines.push_back(std::to_string(index) + " " + std::string(name_of(outcome.state)));
  }
  void before_undo(const Plan&, std::size_t index) override {
    lines.push_back("undo " + std::to_string(index));
  }
  void after_undo(const Plan&, std::size_t index, const WriteOutcome& outcome) override {
    lines.push_back(std::to_string(index) + " " + std::string(name_of(outcome.state)));
  }
  std::vector<std::string> lines;

 private:
  std::size_t fail_before_;
};

TEST(Journal, IsToldBeforeAndAfterEachWrite) {
  Notes notes;
  FakeKernel kernel(ViewOf(2, {"/a"}).view(),
                    [](std::size_t i, Call) { return i == 2 ? EBUSY : 0; });
  (void)apply(plan_of_three(), kernel, &notes);
  EXPECT_THAT(notes.lines,
              ElementsAre("write 0", "0 done", "write 1", "1 refused", "undo 0", "0 undone"));
}

TEST(Journal, ThatCannotBeWrittenStopsThePlan) {
  Notes notes(1);
  FakeKernel kernel(ViewOf(2, {"/a"}).view());
  const Applied applied = apply(plan_of_three(), kernel, &notes);
  EXPECT_EQ(applied.end, Applied::End::kUndone);
  EXPECT_EQ(applied.error->subject, "disk full");
  EXPECT_THAT(states_of(applied),
              ElementsAre(WriteState::kUndone, WriteState::kNotTried, WriteState::kNotTried));
}

// Frozen by its parent already, the group reads the same before and after it is frozen itself.
TEST(Apply, TakesBackWhatItsFileDoesNotShow) {
  const auto host = ViewOf(1, {"/a", "/a/b"})
                        .set("/a", "freezer.self_freezing", "1")
                        .set("/a", "freezer.state", "FROZEN")
                        .set("/a/b", "freezer.state", "FROZEN");
  const Wanted wanted[] = {{"/a/b", limits_of({"freeze=on", "pids=7"})}};
  Plan plan = make_plan(host.view(), wanted);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan.writes.size(), 2U);
  if (plan.writes[0].file != "freezer.state") std::swap(plan.writes[0], plan.writes[1]);
  FakeKernel kernel(host.view());
  std::size_t writes = 0;
  kernel.set_faults(
      [&](std::size_t, Call call) { return call == Call::kWrite && ++writes == 2 ? EBUSY : 0; });
  EXPECT_EQ(apply(plan, kernel).end, Applied::End::kUndone);
  EXPECT_EQ(*kernel.model().text(2, "freezer.self_freezing"), "0");
}

TEST(SameText, OrderSpellingAndTheWayToFrozenDoNotCount) {
  EXPECT_TRUE(same_text("cgroup.subtree_control", "cpu memory", "memory cpu"));
  EXPECT_FALSE(same_text("cgroup.subtree_control", "cpu memory", "cpu"));
  EXPECT_FALSE(same_text("cgroup.subtree_control", "cpu", "cpu memory"));
  EXPECT_TRUE(same_text("freezer.state", "FROZEN", "FREEZING"));
  EXPECT_FALSE(same_text("freezer.state", "THAWED", "FREEZING"));
  EXPECT_TRUE(
      same_text("io.cost.qos", "enable=1 rpct=95", "enable=1 ctrl=user rpct=95.00 rlat=5000"));
  EXPECT_FALSE(same_text("io.cost.qos", "enable=1", "enable=0 ctrl=user"));
  EXPECT_FALSE(same_text("memory.max", "1", "2"));
}

TEST(LineOf, FindsTheLineOfTheKeyAlone) {
  EXPECT_EQ(line_of("8:0 1\n8:01 2\n18:0 3", "8:0"), "1");
  EXPECT_EQ(line_of("8:16 1", "8:1"), "");
  EXPECT_EQ(line_of("oom_kill_disable 0\nunder_oom 1", "oom_kill_disable"), "0");
  EXPECT_EQ(line_of("a b", ""), "a b");
}

}  // namespace
}  // namespace plimsoll::limit
