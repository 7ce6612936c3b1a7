#include "control/drift/drift.h"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>

#include "base/fake_clock.h"
#include "control/drift/check.h"
#include "control/drift/who.h"

namespace plimsoll::drift {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Spot kMemory{{"/docker/a", 1, 100}, "memory.limit_in_bytes", ""};
const Spot kPids{{"/docker/a", 2, 101}, "pids.max", ""};
const Spot kSwap{{"/docker/a", 1, 100}, "memory.memsw.limit_in_bytes", ""};
const Group kMemoryGroup{1, 100};

class Drifting : public testing::Test {
 protected:
  void hold(OnDrift on_drift, const Spot& spot = kMemory) {
    book_.hold(spot, {"1000", "web", on_drift});
  }
  // As a loop that repairs at once.
  bool writes(const std::string& text, const Spot& spot = kMemory) {
    const auto finding = book_.judge(spot, text);
    if (finding && finding->act == OnDrift::kRepair) repair(spot);
    return finding.has_value();
  }
  void repair(const Spot& spot) {
    book_.begin_own(group_of(spot));
    book_.end_own(group_of(spot));
    book_.repaired(spot, Repair::kDone);
    for (const Group& group : book_.take_ended())
      for (const Spot& again : book_.to_read(group)) EXPECT_FALSE(book_.judge(again, "1000"));
  }

  FakeClock clock_;
  DriftBook book_{clock_};
};

TEST_F(Drifting, WhatReadsAsHeldIsNoFinding) {
  hold(OnDrift::kRepair);
  EXPECT_THAT(book_.to_read(kMemoryGroup), ElementsAre(kMemory));
  EXPECT_THAT(book_.to_read({2, 100}), IsEmpty());
  EXPECT_FALSE(book_.judge(kMemory, "1000"));
  EXPECT_FALSE(book_.judge(kPids, "7"));  // Held by nobody.
  EXPECT_EQ(book_.counts(), DriftCounts());
}

TEST_F(Drifting, AForeignValueIsSaidWithOldNewAndWhen) {
  hold(OnDrift::kReport);
  clock_.advance(5s);
  const auto finding = book_.judge(kMemory, "2000");
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->held.expected, "1000");
  EXPECT_EQ(finding->held.rule, "web");
  EXPECT_EQ(finding->found, "2000");
  EXPECT_EQ(finding->seen, clock_.wall());
  EXPECT_EQ(finding->act, OnDrift::kReport);
  EXPECT_EQ(finding->in_a_row, 1U);
  EXPECT_EQ(finding->delay, 0ns);
}

TEST_F(Drifting, ReportedValuesAreSaidOnceAndStay) {
  hold(OnDrift::kReport);
  EXPECT_TRUE(writes("2000"));
  EXPECT_EQ(book_.calm_of(kMemory), Calm::kForeign);
  // Another file of the group was written.
  EXPECT_FALSE(writes("2000"));
  EXPECT_TRUE(writes("3000"));
  EXPECT_FALSE(writes("1000"));  // Its writer took it back.
  EXPECT_EQ(book_.calm_of(kMemory), Calm::kHeld);
  EXPECT_EQ(book_.counts().reported, 2U);
}

TEST_F(Drifting, AdoptedValuesAreHeldFromThenOn) {
  hold(OnDrift::kAdopt);
  EXPECT_TRUE(writes("2000"));
  EXPECT_EQ(book_.calm_of(kMemory), Calm::kAdopted);
  EXPECT_FALSE(writes("2000"));
  clock_.advance(1min);
  EXPECT_TRUE(writes("1000"));  // The old value is the foreign one now.
  EXPECT_EQ(book_.counts().adopted, 2U);
}

TEST_F(Drifting, NothingIsComparedWhileWeWriteOurselves) {
  hold(OnDrift::kRepair);
  hold(OnDrift::kRepair, kSwap);
  book_.begin_own(kMemoryGroup);
  book_.begin_own(kMemoryGroup);
  EXPECT_THAT(book_.to_read(kMemoryGroup), IsEmpty());
  EXPECT_FALSE(book_.judge(kMemory, "500"));  // Read just before the change began.
  book_.end_own(kMemoryGroup);
  EXPECT_THAT(book_.take_ended(), IsEmpty());
  book_.hold(kMemory, {"500", "web", OnDrift::kRepair});
  book_.end_own(kMemoryGroup);
  // Somebody may have written behind ours.
  EXPECT_THAT(book_.take_ended(), ElementsAre(kMemoryGroup));
  EXPECT_THAT(book_.to_read(kMemoryGroup), ElementsAre(kMemory, kSwap));
  EXPECT_FALSE(book_.judge(kMemory, "500"));
  EXPECT_TRUE(book_.judge(kSwap, "7"));
}

TEST_F(Drifting, ARepairUnderWayIsNotFoundAgain) {
  hold(OnDrift::kRepair);
  ASSERT_TRUE(book_.judge(kMemory, "2000"));
  EXPECT_THAT(book_.to_read(kMemoryGroup), IsEmpty());
  EXPECT_FALSE(book_.judge(kMemory, "2000"));
  book_.repaired(kMemory, Repair::kDone);
  EXPECT_THAT(book_.take_ended(), ElementsAre(kMemoryGroup));
  EXPECT_EQ(book_.calm_of(kMemory), Calm::kHeld);
  EXPECT_EQ(book_.counts().foreign, 1U);
  EXPECT_EQ(book_.counts().repaired, 1U);
}

TEST_F(Drifting, AFailedRepairIsTriedAgainEverMoreSlowly) {
  hold(OnDrift::kRepair);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(book_.judge(kMemory, "2000")) << i;
    book_.repaired(kMemory, Repair::kFailed);
    EXPECT_THAT(book_.take_ended(), ElementsAre(kMemoryGroup));
  }
  EXPECT_FALSE(book_.judge(kMemory, "2000"));
  EXPECT_EQ(book_.next_due(), clock_.now() + 1s);
  EXPECT_EQ(book_.counts().failed, 2U);
}

TEST_F(Drifting, WhoeverKeepsComingIsAnsweredLaterAndLater) {
  hold(OnDrift::kRepair);
  EXPECT_TRUE(writes("2000"));
  clock_.advance(4s);
  EXPECT_TRUE(writes("2000"));
  clock_.advance(4s);
  // The third within ten seconds.
  std::vector<std::chrono::seconds> delays;
  for (int i = 0; i < 11; ++i) {
    EXPECT_FALSE(writes("2000")) << i;
    EXPECT_EQ(book_.calm_of(kMemory), Calm::kFight);
    EXPECT_FALSE(writes("2000"));  // Waits already.
    EXPECT_THAT(book_.due(), IsEmpty());
    const auto delay = *book_.next_due() - clock_.now();
    delays.push_back(std::chrono::duration_cast<std::chrono::seconds>(delay));
    clock_.advance(delay - 1ns);
    EXPECT_FALSE(writes("2000"));
    clock_.advance(1ns);
    EXPECT_THAT(book_.due(), ElementsAre(kMemory));
    EXPECT_TRUE(writes("2000"));
    EXPECT_THAT(book_.due(), IsEmpty());
    EXPECT_EQ(book_.next_due(), std::nullopt);
    clock_.advance(1s);
  }
  EXPECT_THAT(delays, ElementsAre(1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s));
  EXPECT_EQ(book_.counts().repaired, 13U);
  EXPECT_EQ(book_.counts().slowed, 11U);
}

TEST_F(Drifting, AFightEndsWhenItIsQuiet) {
  hold(OnDrift::kRepair);
  for (int i = 0; i < 3; ++i) writes("2000");
  clock_.advance(1s);
  EXPECT_TRUE(writes("2000"));
  EXPECT_EQ(book_.calm_of(kMemory), Calm::kFight);
  clock_.advance(11s);
  EXPECT_EQ(book_.calm_of(kMemory), Calm::kHeld);
  EXPECT_TRUE(writes("2000"));  // At once again.
}

TEST_F(Drifting, WritesThatComeWhileAnAnswerWaitsAreAnsweredTogether) {
  hold(OnDrift::kReport);
  for (const char* text : {"1", "2"}) EXPECT_TRUE(writes(text));
  const WallTime seen = clock_.wall();
  EXPECT_FALSE(writes("3"));
  clock_.advance(500ms);
  EXPECT_FALSE(writes("4"));
  clock_.advance(500ms);
  const auto finding = book_.judge(kMemory, "4");
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->in_a_row, 4U);
  EXPECT_EQ(finding->seen, seen);
  EXPECT_EQ(finding->delay, 1s);
}

TEST_F(Drifting, AnAnswerThatWaitsHasNothingToSayOnceTheValueIsBack) {
  hold(OnDrift::kRepair);
  for (int i = 0; i < 3; ++i) writes("2000");
  ASSERT_TRUE(book_.next_due());
  EXPECT_FALSE(writes("1000"));
  EXPECT_EQ(book_.next_due(), std::nullopt);
}

TEST_F(Drifting, ANewValueOfOursMakesPeace) {
  hold(OnDrift::kRepair);
  for (int i = 0; i < 3; ++i) writes("2000");
  book_.hold(kMemory, {"1000", "web", OnDrift::kRepair});  // The same: nothing new.
  EXPECT_TRUE(book_.next_due());
  book_.hold(kMemory, {"5000", "web", OnDrift::kRepair});
  EXPECT_EQ(book_.next_due(), std::nullopt);
  EXPECT_TRUE(book_.judge(kMemory, "2000"));
}

TEST_F(Drifting, GroupsThatAreGoneAreForgotten) {
  hold(OnDrift::kRepair);
  hold(OnDrift::kRepair, kSwap);
  hold(OnDrift::kRepair, kPids);
  book_.release(kSwap);
  EXPECT_EQ(book_.size(), 2U);
  book_.forget(kMemoryGroup);
  EXPECT_EQ(book_.size(), 1U);
  EXPECT_EQ(book_.calm_of(kMemoryGroup), std::nullopt);
  EXPECT_EQ(book_.census(), (std::map<Calm, std::size_t>{{Calm::kHeld, 1}}));
}

TEST_F(Drifting, AGroupIsAsItsWorstFile) {
  hold(OnDrift::kReport);
  hold(OnDrift::kReport, kSwap);
  EXPECT_EQ(book_.calm_of(kMemoryGroup), Calm::kHeld);
  writes("7", kSwap);
  EXPECT_EQ(book_.calm_of(kMemoryGroup), Calm::kForeign);
}

// Files by group and name; a group that is missing is gone.
class FakePort final : public limit::KernelPort {
 public:
  std::map<std::string, std::string> files;
  std::size_t reads = 0;
  Result<std::string> read(const limit::Place& place, const std::string& file) override {
    ++reads;
    const auto found = files.find(place.cgroup + "/" + file);
    if (found != files.end()) return found->second;
    return failure(files.contains(place.cgroup) ? ErrorKind::kNotOffered : ErrorKind::kGone, "read",
                   file);
  }
  Result<> write(const limit::Place& /*place*/, const std::string& file,
                 std::string_view /*text*/) override {
    return failure(ErrorKind::kDenied, "write", file);
  }
};

TEST_F(Drifting, TheCheckerReadsOnlyWhatWasWrittenAndIsHeld) {
  const Spot one{{"/a", 0, 7}, "io.max", "8:0"};
  const Spot other{{"/a", 0, 7}, "io.max", "8:16"};
  book_.hold(one, {"rbps=1 wbps=max", "web", OnDrift::kReport});
  book_.hold(other, {"rbps=2", "web", OnDrift::kReport});
  FakePort port;
  port.files = {{"/a", ""}, {"/a/io.max", "8:0 rbps=1 wbps=max\n8:16 rbps=3"}};
  DriftChecker checker(book_, port);
  cgroupfs::Cgroup a;
  a.path = "/a";
  a.inode[0] = 7;
  a.inode[1] = 8;
  cgroupfs::Cgroup b;
  b.inode[0] = 9;
  cgroupfs::TreeChanges changes;
  changes.written = {&a, &b};
  const Checked checked = checker.check(changes);
  ASSERT_EQ(checked.findings.size(), 1U);
  EXPECT_EQ(checked.findings[0].spot, other);
  EXPECT_EQ(port.reads, 1U);  // One file for both.
  EXPECT_THAT(checker.check({}).findings, IsEmpty());
  EXPECT_EQ(port.reads, 1U);
  port.files.erase("/a/io.max");
  EXPECT_EQ(checker.check(changes).unreadable.size(), 2U);
  port.files.clear();
  EXPECT_THAT(checker.check(changes).unreadable, IsEmpty());
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(Drifting, TheCheckerForgetsWhatWasRemoved) {
  const Spot old{{"/a", 0, 7}, "pids.max", ""};
  const Spot anew{{"/a", 0, 8}, "pids.max", ""};
  book_.hold(old, {"5", "web", OnDrift::kRepair});
  book_.hold(anew, {"5", "web", OnDrift::kRepair});
  FakePort port;
  cgroupfs::Cgroup added;
  added.path = "/a";
  added.inode[0] = 8;
  cgroupfs::TreeChanges changes;
  changes.removed.push_back(std::make_unique<cgroupfs::Cgroup>());
  changes.removed[0]->path = "/a";  // The tree takes its inodes away.
  changes.added.push_back(&added);
  EXPECT_THAT(DriftChecker(book_, port).check(changes).findings, IsEmpty());
  EXPECT_EQ(book_.calm_of(old), std::nullopt);
  EXPECT_EQ(book_.calm_of(anew), Calm::kHeld);
  changes.added.clear();
  EXPECT_THAT(DriftChecker(book_, port).check(changes).findings, IsEmpty());
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(Drifting, TheCheckerLooksWhereAGroupHasLeftAHierarchy) {
  book_.hold({{"/a", 0, 7}, "pids.max", ""}, {"5", "web", OnDrift::kRepair});
  FakePort port;
  cgroupfs::Cgroup left;
  left.path = "/a";
  cgroupfs::TreeChanges changes;
  changes.changed.push_back(&left);
  EXPECT_THAT(DriftChecker(book_, port).check(changes).findings, IsEmpty());
  EXPECT_EQ(book_.size(), 0U);
}

TEST(Writers, AreSaidAsFarAsTheyCanBeKnown) {
  inventory::Identity identity;
  identity.runtime = inventory::Runtime::kCgroup;
  EXPECT_EQ(likely_writer(identity, ""), "the kernel does not tell who wrote");
  EXPECT_THAT(likely_writer(identity, "systemd unit x.scope"),
              HasSubstr("systemd unit x.scope manages the group"));
  identity.runtime = inventory::Runtime::kDocker;
  EXPECT_THAT(likely_writer(identity, ""), HasSubstr("docker update"));
  identity.pod_uid = "1-2";
  EXPECT_THAT(likely_writer(identity, ""), HasSubstr("kubelet"));
}

}  // namespace
}  // namespace plimsoll::drift
