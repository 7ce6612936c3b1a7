#include "exporter/collect/oom_tracker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "exporter/collect/headroom.h"
#include "inventory/inventory.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::CgroupSample;
using cgroupfs::Field;
using std::chrono::seconds;

const std::string kWeb = "/docker/" + std::string(64, 'a');
const std::string kDb = "/docker/" + std::string(64, 'b');

TEST(VmstatOomKill, IsFoundAmongTheRest) {
  EXPECT_EQ(parse_vmstat_oom_kill("pgfault 1\noom_kill 7\noom_kill_other 8\n"), 7U);
  EXPECT_EQ(parse_vmstat_oom_kill("pgfault 1\n"), std::nullopt);
  EXPECT_EQ(parse_vmstat_oom_kill("oom_kill x\n"), std::nullopt);
}

// A host whose groups, counters and log a test writes by hand; a tick is what the sampler does.
class Host : public testing::Test {
 protected:
  struct Group {
    std::uint64_t serial = 0;
    CgroupSample sample;
  };

  Host() {
    clock_.advance(seconds(1000));
    tree_.write("proc/vmstat", "oom_kill 0\n");
    proc_ = *open_dir((tree_.path() + "/proc").c_str());
    for (const std::string& path : {std::string("/"), std::string("/docker"), kWeb, kDb}) add(path);
  }
  void start(const std::string& log = "kmsg") {
    tracker_.emplace(proc_, clock_,
                     OomTracker::Options{.kernel_log = log.empty() ? "" : tree_.path() + "/" + log},
                     [this](const std::string& path) -> inventory::IdentityPtr {
                       const auto known = gone_.find(path);
                       return known == gone_.end() ? nullptr : known->second;
                     });
  }
  void add(const std::string& path) { groups_[path] = {++serial_, {}}; }
  void remove(const std::string& path) {
    tracker_->removed(path, groups_.at(path).sample);
    groups_.erase(path);
  }
  static inventory::IdentityPtr identity_of(const std::string& path) {
    auto identity = std::make_shared<inventory::Identity>(inventory::classify(path));
    if (path == kWeb) identity->name = "web";
    if (path == kDb) identity->name = "db";
    identity->image = identity->is_container() ? "img" : "";
    identity->metadata = inventory::Metadata::kComplete;
    return identity;
  }
  // v1 counts locally, v2 with the descendants.
  void count_v1(const std::string& path, std::uint64_t kills) {
    groups_.at(path).sample.set(Field::kMemoryEventsLocalOomKill, kills);
  }
  void count_v2(const std::string& path, std::uint64_t kills) {
    groups_.at(path).sample.set(Field::kMemoryEventsOomKill, kills);
  }
  void host_total(std::uint64_t kills) {
    tree_.write("proc/vmstat", "oom_kill " + std::to_string(kills) + "\n");
  }
  void log(const std::string& cgroup, const std::string& limited, int pid) {
    const auto usec =
        std::chrono::duration_cast<std::chrono::microseconds>(clock_.now().time_since_epoch());
    std::ofstream(tree_.path() + "/kmsg", std::ios::app)
        << "6," << ++line_ << "," << usec.count()
        << ",-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
           "oom_memcg="
        << limited << ",task_memcg=" << cgroup << ",task=hog,pid=" << pid << ",uid=0\n";
  }
  void tick() {
    clock_.advance(seconds(1));
    unlogged_ = tracker_->unlogged_kills();
    snapshot_ = std::make_shared<Snapshot>();
    snapshot_->sequence = ++sequence_;
    snapshot_->wall = clock_.wall();
    snapshot_->reserve(groups_.size());
    std::vector<const CgroupSample*> samples;
    for (const auto& [path, group] : groups_) {  // Sorted, as the sampler's rows.
      IdentityPtr& identity = identities_[group.serial];
      if (!identity) identity = identity_of(path);
      snapshot_->rows.push_back(Row{.serial = group.serial, .identity = identity});
      snapshot_->changed.push_back(sequence_);
      samples.push_back(&group.sample);
    }
    behind_ =
        tracker_->update(*snapshot_, parents_of(snapshot_->rows),
                         [&](std::size_t row) -> const CgroupSample& { return *samples[row]; });
    for (const OomEvent& event : snapshot_->ooms) events_.push_back(event);
  }
  [[nodiscard]] std::optional<std::uint64_t> total(const std::string& path) const {
    for (std::size_t row = 0; row < snapshot_->rows.size(); ++row)
      if (snapshot_->rows[row].identity->cgroup == path)
        return snapshot_->value(Field::kMemoryEventsOomKill, row);
    return tracker_->total_of(path);
  }
  [[nodiscard]] std::optional<std::uint64_t> workload(const std::string& name) const {
    for (const auto& [workload, kills] : *snapshot_->oom_workloads)
      if (workload.name == name) return kills;
    return std::nullopt;
  }
  [[nodiscard]] std::size_t kills_told(const std::string& path) const {
    return static_cast<std::size_t>(std::ranges::count_if(events_, [&](const OomEvent& event) {
      return event.kind == OomKind::kKill && event.cgroup == path;
    }));
  }
  using IdentityPtr = inventory::IdentityPtr;

  TempTree tree_;
  FakeClock clock_;
  DirFd proc_;
  std::map<std::string, Group> groups_;
  std::map<std::uint64_t, IdentityPtr> identities_;
  std::map<std::string, IdentityPtr> gone_;
  std::optional<OomTracker> tracker_;
  std::shared_ptr<Snapshot> snapshot_;
  std::vector<std::size_t> behind_;
  std::vector<OomEvent> events_;
  bool unlogged_ = false;
  std::uint64_t serial_ = 0, sequence_ = 0;
  int line_ = 0;
};

TEST_F(Host, LogAndCounterTellOfOneKill) {
  start();
  log("/x", "/x", 1);  // So that there is a log.
  count_v2(kWeb, 0);
  tick();
  events_.clear();
  log(kWeb, kWeb, 7);
  tick();
  EXPECT_EQ(total(kWeb), 1U) << "from the log, before the counter is read";
  EXPECT_EQ(behind_.size(), 1U);
  count_v2(kWeb, 1);
  tick();
  tick();
  EXPECT_EQ(total(kWeb), 1U);
  EXPECT_TRUE(behind_.empty());
  EXPECT_EQ(kills_told(kWeb), 1U);
  EXPECT_EQ(workload("web"), 1U);
  EXPECT_EQ(workload("db"), 0U) << "a series to increase from";
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].kind, OomKind::kOom);
  EXPECT_EQ(events_[0].cgroup, kWeb);
  EXPECT_EQ(events_[1].pid, 7);
  EXPECT_EQ(events_[1].process, "hog");
}

TEST_F(Host, WithoutALogTheCountersServe) {
  start("");
  count_v2(kWeb, 4);
  tick();
  EXPECT_EQ(total(kWeb), 4U);
  EXPECT_TRUE(events_.empty()) << "before our time";
  EXPECT_FALSE(tracker_->stats().log.readable);
  host_total(5);
  count_v2(kWeb, 5);
  tick();
  EXPECT_TRUE(unlogged_) << "the host's count says that somebody's counter moved";
  EXPECT_EQ(total(kWeb), 5U);
  EXPECT_EQ(kills_told(kWeb), 1U);
  EXPECT_EQ(workload("web"), 1U);
  EXPECT_EQ(snapshot_->host_oom_kills, 5U);
}

TEST_F(Host, KillsThatTheLogLeftOutAreCounted) {
  start();
  log("/x", "/x", 1);
  count_v2(kWeb, 0);
  tick();
  tick();
  log(kWeb, kWeb, 7);
  host_total(3);
  count_v2(kWeb, 3);  // Rate-limited: three kills, one line.
  tick();
  tick();
  EXPECT_TRUE(unlogged_);
  tick();
  EXPECT_FALSE(unlogged_) << "told once";
  EXPECT_EQ(total(kWeb), 3U);
  EXPECT_EQ(kills_told(kWeb), 3U);
  EXPECT_EQ(workload("web"), 3U);
}

TEST_F(Host, AContainerRemovedAtOnceAfterItsKillIsCounted) {
  start();
  log("/x", "/x", 1);
  count_v2(kWeb, 0);
  tick();
  log(kWeb, kWeb, 7);
  remove(kWeb);
  tick();
  EXPECT_EQ(total(kWeb), 1U) << "for the tombstone";
  EXPECT_EQ(workload("web"), 1U);
  clock_.advance(std::chrono::minutes(6));
  tick();
  EXPECT_EQ(total(kWeb), std::nullopt);
  EXPECT_EQ(workload("web"), 1U);
}

TEST_F(Host, ACounterReadInTheLastMomentIsNotCountedTwice) {
  start();
  log("/x", "/x", 1);
  count_v2(kWeb, 0);
  tick();
  log(kWeb, kWeb, 7);
  count_v2(kWeb, 1);
  remove(kWeb);
  tick();
  EXPECT_EQ(total(kWeb), 1U);
  EXPECT_EQ(kills_told(kWeb), 1U);
}

TEST_F(Host, ARestartedContainerGoesOnCounting) {
  start();
  log("/x", "/x", 1);
  count_v2(kWeb, 0);
  tick();
  log(kWeb, kWeb, 7);
  remove(kWeb);
  add(kWeb);
  count_v2(kWeb, 0);
  tick();
  EXPECT_EQ(total(kWeb), 1U);
  count_v2(kWeb, 1);
  log(kWeb, kWeb, 8);
  tick();
  EXPECT_EQ(total(kWeb), 2U);
}

TEST_F(Host, OurRestartChangesNothing) {
  start();
  count_v2(kWeb, 0);
  log(kWeb, kWeb, 7);
  count_v2(kWeb, 1);
  tick();
  EXPECT_EQ(total(kWeb), 1U);
  start();  // Reads the log from its beginning.
  tick();
  EXPECT_EQ(total(kWeb), 1U);
  EXPECT_EQ(workload("web"), 0U) << "not killed since we started";
}

TEST_F(Host, V1AddsUpWhatIsBelow) {
  start("");
  const std::string inner = kWeb + "/inner";
  add(inner);
  for (const std::string& path : {std::string("/docker"), kWeb, inner}) count_v1(path, 0);
  tick();
  count_v1(inner, 2);
  count_v1(kWeb, 1);
  tick();
  EXPECT_EQ(total(inner), 2U);
  EXPECT_EQ(total(kWeb), 3U);
  EXPECT_EQ(total("/docker"), 3U);
  EXPECT_EQ(total(kDb), std::nullopt) << "absent is not zero";
  EXPECT_EQ(kills_told(kWeb), 3U) << "a container speaks for what is in it";
  EXPECT_EQ(events_.size(), 3U);
  count_v1(inner, 3);
  remove(inner);
  tick();
  EXPECT_EQ(total(kWeb), 4U) << "a group that is gone is still counted above it";
  EXPECT_EQ(total("/docker"), 4U);
  add(inner);
  count_v1(inner, 0);
  tick();
  EXPECT_EQ(total(kWeb), 4U);
  remove(inner);
  remove(kWeb);
  tick();
  EXPECT_EQ(total("/docker"), 4U) << "whichever is removed first";
}

TEST_F(Host, ANestedKillBelongsToTheContainer) {
  start();
  log("/x", "/x", 1);
  count_v1(kWeb, 0);
  tick();
  log(kWeb + "/never/seen", kWeb, 7);
  tick();
  EXPECT_EQ(total(kWeb), 1U);
  EXPECT_EQ(workload("web"), 1U);
  EXPECT_EQ(kills_told(kWeb + "/never/seen"), 1U);
}

TEST_F(Host, AContainerThatNobodySawIsAskedFor) {
  start();
  const std::string brief = "/docker/" + std::string(64, 'c');
  gone_[brief] = identity_of(brief);
  log("/x", "/x", 1);
  tick();
  log(brief + "/inner", brief, 7);
  tick();
  EXPECT_EQ(total(brief), 1U);
  const auto unseen = tracker_->take_unseen();
  ASSERT_EQ(unseen.size(), 1U);
  EXPECT_EQ(unseen[0].first->cgroup, brief);
  EXPECT_TRUE(tracker_->take_unseen().empty());
}

// The log's paths start at the machine's root, ours at that of our namespace.
TEST_F(Host, InANamespaceTheLogIsOfTheWholeMachine) {
  tree_.write("proc/self/ns/x", "");
  const std::string link = tree_.path() + "/proc/self/ns/cgroup";
  ASSERT_EQ(::symlink("cgroup:[4026532451]", link.c_str()), 0);
  const std::string brief = "/docker/" + std::string(64, 'c');
  gone_[brief] = gone_["/node" + brief] = identity_of(brief);
  start();
  log(kWeb + "2", kWeb + "2", 1);
  count_v1(kWeb, 0);
  tick();
  EXPECT_EQ(events_.size(), 0U) << "another machine's, for all we know";
  log("/node" + brief, "/node" + brief, 6);
  log("/node" + kWeb, "/node" + kWeb, 7);
  log("/other" + kWeb, "/other" + kWeb, 8);
  log("/node/docker", "/node/docker", 9);
  tick();
  EXPECT_EQ(total(brief), 1U) << "nobody saw it, but its runtime knows it";
  EXPECT_EQ(total(kWeb), 1U);
  EXPECT_EQ(kills_told(kWeb), 1U);
  EXPECT_EQ(kills_told("/docker"), 1U);
  EXPECT_EQ(total("/docker"), 3U);
}

TEST_F(Host, TheHostsRowCountsEverything) {
  start("");
  host_total(9);
  tick();
  EXPECT_EQ(total("/"), 9U);
}

}  // namespace
}  // namespace plimsoll::exporter
