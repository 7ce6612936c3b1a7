#include "control/enforcer/returning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/test_views.h"
#include "control/enforcer/enforcer.h"
#include "control/journal/test_changes.h"
#include "control/store/fake_store.h"

namespace plimsoll::control {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// An engine that starts again at every restart(), on a host that stays.
class Host {
 public:
  Host(int version, const std::vector<std::string>& groups)
      : Host(limit::ViewOf(version, groups).view()) {}
  explicit Host(limit::KernelView view) : first(std::move(view)), kernel(first) { restart(); }
  void restart() {
    journal_ = *Journal::open(store_, now());
    audit_ = *AuditLog::open(store_, now().wall);
    enforcer_.emplace(*journal_, *audit_);
    enforcer_->recover(kernel, now());
  }
  void set(std::initializer_list<std::string_view> limits, seconds lease = {},
           const std::string& group = "/a") {
    const limit::Wanted wanted[] = {{group, limit::limits_of(limits)}};
    const limit::Plan plan = limit::make_plan(kernel.model().view(), wanted);
    ASSERT_TRUE(plan.ok()) << to_text(plan);
    run(plan, lease == seconds(0) ? Purpose::kSet : Purpose::kLease, {}, lease);
  }
  void run(const limit::Plan& plan, Purpose purpose, std::vector<Record> after = {},
           seconds lease = {}) {
    const Outcome outcome = enforcer_->run(
        plan, {.purpose = purpose, .lease = lease, .now = now(), .after = std::move(after)},
        kernel);
    ASSERT_TRUE(outcome.done()) << outcome.error->message();
  }
  void restore(const std::string& group = "/a") {
    const std::vector<std::string> groups{group};
    const Returning back = restoration(state(), kernel.model().view(), groups);
    ASSERT_TRUE(back.plan.ok()) << to_text(back.plan);
    run(back.plan, Purpose::kRestore, back.after);
  }
  std::vector<Spot> expire() {
    std::vector<Spot> foreign;
    for (const std::uint64_t id : due(state(), now())) {
      const Returning back = expiry(state(), kernel.model().view(), id);
      EXPECT_TRUE(back.plan.ok()) << to_text(back.plan);
      foreign.insert(foreign.end(), back.foreign.begin(), back.foreign.end());
      run(back.plan, Purpose::kExpire, back.after);
    }
    return foreign;
  }
  void pass(seconds time) { at_ += time; }
  [[nodiscard]] Moment now() const { return moment_at(at_); }
  [[nodiscard]] State state() const { return journal_->state(); }
  [[nodiscard]] std::string text(const std::string& file, const std::string& group = "/a") const {
    const auto& view = kernel.model().view();
    return *kernel.model().text(*view.index_of(group), file);
  }
  [[nodiscard]] bool as_at_first() const {
    const auto& groups = kernel.model().view().groups;
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (groups[i].files != first.groups[i].files) return false;
    return true;
  }

  limit::KernelView first;
  limit::FakeKernel kernel;

 private:
  seconds at_{1000};
  FakeStore store_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<AuditLog> audit_;
  std::optional<Enforcer> enforcer_;
};

// Its effective list is not kept up to date by the fake kernel.
limit::KernelView with_processes() {
  return limit::ViewOf(2, {"/a"}).populated("/a").without("/a", "cpuset.cpus.effective").view();
}

// The kernel takes no empty list from a group that has processes.
TEST(Restoration, ACpusetWithProcessesGetsWhatItsAncestorsHave) {
  Host host(with_processes());
  host.set({"cpuset.cpus=1", "pids=5"});
  EXPECT_EQ(host.text("cpuset.cpus"), "1");
  host.restore();
  EXPECT_EQ(host.text("cpuset.cpus"), "0-3");
  EXPECT_EQ(host.text("pids.max"), "max");
  EXPECT_THAT(host.state().found(), IsEmpty());
}

TEST(Expiry, ACpusetWithProcessesGetsWhatItsAncestorsHave) {
  Host host(with_processes());
  host.set({"cpuset.cpus=1"}, seconds(5));
  host.pass(seconds(6));
  EXPECT_THAT(host.expire(), IsEmpty());
  EXPECT_EQ(host.text("cpuset.cpus"), "0-3");
}

TEST(Restoration, BringsBackEveryKnobHoweverManyChangesThereWere) {
  for (const int version : {1, 2}) {
    Host host(version, {"/a"});
    // The model of v2 does not reckon what is effective.
    if (version == 1) host.set({"cpuset.cpus=0-1"});
    host.set({"memory.max=64M", "memory.swap=0", "cpu.quota=0.5 cpus", "cpu.weight=300", "pids=7",
              "io.rbps=8:0=1M"});
    host.restart();
    host.set({"memory.max=1G", "memory.swap=64M", "cpu.quota=1.5 cpus", "cpu.period=50ms"});
    host.set({"cpu.idle=on", "pids=unset", "io.rbps=8:0=unset", "memory.max=32M"});
    host.restart();
    host.restore();
    EXPECT_TRUE(host.as_at_first()) << version;
    EXPECT_THAT(host.state().found(), IsEmpty());
  }
}

TEST(Restoration, LeavesOtherGroupsAlone) {
  Host host(2, {"/a", "/b"});
  host.set({"pids=7"});
  host.set({"pids=9"}, {}, "/b");
  host.restore("/a");
  EXPECT_EQ(host.text("pids.max"), "max");
  EXPECT_EQ(host.text("pids.max", "/b"), "9");
  EXPECT_THAT(host.state().found(), SizeIs(1));
}

TEST(Restoration, ForgetsAGroupThatWasMadeAgain) {
  Host host(2, {"/a"});
  host.set({"pids=7"});
  limit::KernelView other = host.kernel.model().view();
  other.groups[1].inode[0] += 1;
  const std::vector<std::string> groups{"/a"};
  const Returning back = restoration(host.state(), other, groups);
  EXPECT_THAT(back.plan.writes, IsEmpty());
  host.run(back.plan, Purpose::kRestore, back.after);
  EXPECT_THAT(host.state().found(), IsEmpty());
}

TEST(Lease, EndsEvenIfNobodyWasThere) {
  Host host(2, {"/a"});
  host.set({"memory.max=64M"});
  host.set({"memory.max=32M"}, seconds(600));
  EXPECT_EQ(next_due(host.state(), host.now()), seconds(600));
  host.pass(seconds(599));
  host.expire();
  EXPECT_EQ(host.text("memory.max"), "33554432");
  host.pass(seconds(3600));
  host.restart();
  EXPECT_EQ(next_due(host.state(), host.now()), seconds(0));
  host.expire();
  EXPECT_EQ(host.text("memory.max"), "67108864");
  EXPECT_THAT(host.state().leases(), IsEmpty());
  EXPECT_EQ(next_due(host.state(), host.now()), std::nullopt);
  EXPECT_EQ(host.state().found().begin()->second.found.text, "max");
}

TEST(Lease, OfTheWholePastReturnsToWhatWasFound) {
  Host host(1, {"/a"});
  host.set({"memory.max=64M", "memory.swap=0", "cpu.quota=0.5 cpus"}, seconds(10));
  host.pass(seconds(10));
  host.expire();
  EXPECT_TRUE(host.as_at_first());
  EXPECT_THAT(host.state().found(), IsEmpty());
}

TEST(Lease, OverAnotherOneGoesBackStepByStep) {
  Host host(2, {"/a"});
  host.set({"pids=10"}, seconds(100));
  host.set({"pids=20"}, seconds(50));
  host.pass(seconds(60));
  host.expire();
  EXPECT_EQ(host.text("pids.max"), "10");
  host.pass(seconds(60));
  host.expire();
  EXPECT_EQ(host.text("pids.max"), "max");
}

TEST(Lease, BelowALongerOneHandsDownItsPast) {
  Host host(2, {"/a"});
  host.set({"pids=10"}, seconds(50));
  host.set({"pids=20"}, seconds(100));
  host.pass(seconds(60));
  host.expire();
  EXPECT_EQ(host.text("pids.max"), "20");
  host.pass(seconds(60));
  host.expire();
  EXPECT_EQ(host.text("pids.max"), "max");
}

TEST(Lease, SeveralAtOnceEndAtTheirBeginning) {
  Host host(2, {"/a"});
  host.set({"pids=10"}, seconds(50));
  host.set({"pids=20"}, seconds(40));
  host.pass(seconds(500));
  host.expire();
  EXPECT_EQ(host.text("pids.max"), "max");
  EXPECT_THAT(host.state().leases(), IsEmpty());
}

TEST(Lease, DoesNotOverwriteWhatSomebodyElseHasSetSince) {
  Host host(2, {"/a"});
  host.set({"pids=10", "memory.max=64M"}, seconds(50));
  const limit::Place place{"/a", 0, host.kernel.model().view().groups[1].inode[0]};
  ASSERT_TRUE(host.kernel.write(place, "pids.max", "77"));
  host.pass(seconds(60));
  EXPECT_THAT(host.expire(), ElementsAre(testing::Field(&Spot::file, "pids.max")));
  EXPECT_EQ(host.text("pids.max"), "77");
  EXPECT_EQ(host.text("memory.max"), "max");
  EXPECT_THAT(host.state().leases(), IsEmpty());
}

}  // namespace
}  // namespace plimsoll::control
