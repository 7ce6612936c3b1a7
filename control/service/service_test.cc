#include "control/service/service.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/fake_clock.h"
#include "cgroupfs/limit/test_views.h"
#include "control/service/test_machine.h"
#include "control/store/fake_store.h"

namespace plimsoll::control {
namespace {

using limit::Knob;

constexpr auto kMinute = std::chrono::minutes(1);

limit::Setting setting(Knob knob, std::string_view text) {
  return *limit::parse_setting(knob, text);
}

LimitRequest set(std::initializer_list<limit::Setting> settings) {
  return {.settings = settings};
}

LimitRequest lease(std::initializer_list<limit::Setting> settings, std::chrono::nanoseconds time) {
  LimitRequest request{.settings = settings};
  request.lease = time;
  return request;
}

LimitRequest restore(std::initializer_list<KnobRef> knobs) {
  LimitRequest request;
  request.restore = knobs;
  request.restore_all = knobs.size() == 0;
  return request;
}

// One engine after another on the same machine and disk.
class ServiceOver : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { start(); }

  void start() {
    service.reset();
    auto opened = Service::open(store, machine, clock);
    ASSERT_TRUE(opened) << opened.error().message();
    service = *std::move(opened);
    recovery = service->start();
  }
  ChangeReport change(const LimitRequest& request, std::string_view ref = "cgroup:/a") {
    auto draft = service->draft(ref, request);
    if (!draft) {
      ChangeReport report;
      report.fault = draft.error();
      return report;
    }
    return service->carry_out(*std::move(draft), {.uid = 1000, .pid = 42, .comm = "test"});
  }
  void expect_done(const LimitRequest& request) {
    const ChangeReport report = change(request);
    EXPECT_EQ(report.result, ChangeReport::Result::kDone)
        << (report.fault ? report.fault->message : "unchanged");
  }
  std::string memory() { return machine.text("/a", memory_file); }
  void end_due_leases() {
    for (const std::uint64_t id : service->due_leases()) {
      const auto ending = service->draft_ending(id);
      ASSERT_TRUE(ending) << ending.error().message;
      const LeaseEnd end = service->carry_out(*ending);
      EXPECT_FALSE(end.fault) << end.fault->message;
    }
  }
  std::optional<KnobState> shown(Knob knob) {
    const auto all = service->show("cgroup:/a");
    EXPECT_TRUE(all) << all.error().message;
    if (!all) return std::nullopt;
    const auto found = std::ranges::find_if(
        all->settings, [&](const KnobState& one) { return one.setting.knob == knob; });
    return found == all->settings.end() ? std::nullopt : std::optional(*found);
  }

  const bool v1 = GetParam() == 1;
  const std::string memory_file = v1 ? "memory.limit_in_bytes" : "memory.max";
  FakeClock clock;
  FakeStore store;
  FakeMachine machine{limit::ViewOf(GetParam(), {"/a", "/a/b", "/c"}).view()};
  std::unique_ptr<Service> service;
  Recovery recovery;
};

TEST_P(ServiceOver, SetsShowsAndRestores) {
  const std::string before = memory();
  const LimitRequest request =
      set({setting(Knob::kPidsMax, "100"), setting(Knob::kCpuQuota, "0.25")});
  const ChangeReport report = change(request);
  ASSERT_EQ(report.result, ChangeReport::Result::kDone) << report.fault->message;
  EXPECT_EQ(report.plan.writes.size(), 2U);
  EXPECT_EQ(machine.text("/a", "pids.max"), "100");
  const auto pids = shown(Knob::kPidsMax);
  ASSERT_TRUE(pids);
  EXPECT_EQ(pids->found, "max");
  EXPECT_EQ(pids->rule, "request");
  EXPECT_EQ(pids->setting.value, limit::Value(std::uint64_t{100}));
  const auto quota = shown(Knob::kCpuQuota);
  EXPECT_EQ(quota->setting.value,
            limit::Value(limit::CpuTime{limit::CpuTime::Unit::kNanoCpus, 250'000'000}));
  EXPECT_EQ(change(request).result, ChangeReport::Result::kUnchanged);

  expect_done(restore({}));
  EXPECT_EQ(machine.text("/a", "pids.max"), "max");
  EXPECT_EQ(memory(), before);
  EXPECT_FALSE(shown(Knob::kPidsMax)->found);
  EXPECT_TRUE(service->changed()->empty());
}

TEST_P(ServiceOver, RestoresWhatHasALineOfItsOwn) {
  if (!v1) return;  // v2 has no such knob, and no cpuset that was never set and cannot be unset.
  machine.write("/a", "memory.oom_control", "0");
  expect_done(set({setting(Knob::kMemoryOomKillDisable, "on")}));
  EXPECT_EQ(shown(Knob::kMemoryOomKillDisable)->found, "0");
  expect_done(lease({setting(Knob::kMemoryOomKillDisable, "off")}, kMinute));
  expect_done(lease({setting(Knob::kMemoryOomKillDisable, "off")}, 2 * kMinute));
  expect_done(set({setting(Knob::kMemoryOomKillDisable, "on")}));
  expect_done(restore({{Knob::kMemoryOomKillDisable, ""}}));
  EXPECT_EQ(shown(Knob::kMemoryOomKillDisable)->setting.value, limit::Value(std::uint64_t{0}));
  EXPECT_FALSE(shown(Knob::kMemoryOomKillDisable)->found);
}

TEST_P(ServiceOver, UnsetLeavesTheWayBackOpen) {
  machine.write("/a", "pids.max", "500");
  expect_done(set({setting(Knob::kPidsMax, "100")}));
  expect_done(set({*limit::parse_unset(Knob::kPidsMax, "")}));
  EXPECT_EQ(machine.text("/a", "pids.max"), "max");
  EXPECT_EQ(shown(Knob::kPidsMax)->found, "500");
  expect_done(restore({{Knob::kPidsMax, ""}}));
  EXPECT_EQ(machine.text("/a", "pids.max"), "500");
}

TEST_P(ServiceOver, RestoresOneKnobAndLeavesTheOthersInItsFile) {
  expect_done(set({setting(Knob::kCpuQuota, "0.5"), setting(Knob::kCpuPeriod, "50ms"),
                   setting(Knob::kPidsMax, "100")}));
  expect_done(restore({{Knob::kCpuQuota, ""}}));
  EXPECT_EQ(shown(Knob::kCpuQuota)->setting.value, limit::Value(limit::Unlimited{}));
  EXPECT_EQ(shown(Knob::kCpuPeriod)->setting.value, limit::Value(std::uint64_t{50'000}));
  EXPECT_EQ(machine.text("/a", "pids.max"), "100");
  expect_done(restore({}));
  EXPECT_EQ(shown(Knob::kCpuPeriod)->setting.value, limit::Value(std::uint64_t{100'000}));
  EXPECT_TRUE(service->changed()->empty());
}

TEST_P(ServiceOver, ForgetsWhatSomebodyElseHasBroughtBack) {
  expect_done(set({setting(Knob::kPidsMax, "100")}));
  machine.write("/a", "pids.max", "max");
  EXPECT_EQ(change(restore({{Knob::kPidsMax, ""}})).result, ChangeReport::Result::kUnchanged);
  EXPECT_FALSE(shown(Knob::kPidsMax)->found);
}

TEST_P(ServiceOver, EndsLeases) {
  expect_done(lease({setting(Knob::kPidsMax, "100")}, kMinute));
  EXPECT_EQ(service->next_lease_end(), kMinute);
  EXPECT_EQ(shown(Knob::kPidsMax)->lease_ends, machine.at.wall + kMinute);
  EXPECT_EQ(shown(Knob::kPidsMax)->rule, "lease");
  end_due_leases();
  EXPECT_EQ(machine.text("/a", "pids.max"), "100");
  machine.advance(kMinute);
  end_due_leases();
  EXPECT_EQ(machine.text("/a", "pids.max"), "max");
  EXPECT_FALSE(service->next_lease_end());
}

TEST_P(ServiceOver, EndsAtTheStartWhatExpiredWhileItWasDead) {
  expect_done(lease({setting(Knob::kPidsMax, "100")}, kMinute));
  machine.advance(2 * kMinute);
  start();
  EXPECT_EQ(machine.text("/a", "pids.max"), "max");
  EXPECT_TRUE(service->due_leases().empty());
}

// The value is so already, so there would be nothing to write: but it would not stay so.
TEST_P(ServiceOver, KeepsForGoodWhatALeaseHolds) {
  expect_done(lease({setting(Knob::kPidsMax, "100"), setting(Knob::kCpuIdle, "on")}, kMinute));
  expect_done(set({setting(Knob::kPidsMax, "100"), setting(Knob::kCpuIdle, "on")}));
  machine.advance(2 * kMinute);
  end_due_leases();
  EXPECT_EQ(machine.text("/a", "pids.max"), "100");
  EXPECT_EQ(machine.text("/a", "cpu.idle"), "1");
  EXPECT_EQ(shown(Knob::kPidsMax)->found, "max");
}

TEST_P(ServiceOver, HoldsLongerWhatALeaseHolds) {
  expect_done(lease({setting(Knob::kPidsMax, "100"), setting(Knob::kCpuIdle, "on")}, kMinute));
  expect_done(lease({setting(Knob::kPidsMax, "100"), setting(Knob::kCpuIdle, "on")}, 5 * kMinute));
  machine.advance(2 * kMinute);
  end_due_leases();
  EXPECT_EQ(machine.text("/a", "pids.max"), "100");
  machine.advance(5 * kMinute);
  end_due_leases();
  EXPECT_EQ(machine.text("/a", "pids.max"), "max");
  EXPECT_EQ(machine.text("/a", "cpu.idle"), "0");
}

TEST_P(ServiceOver, ADryRunChangesNothing) {
  LimitRequest request = set({setting(Knob::kPidsMax, "100")});
  request.mode = LimitRequest::Mode::kDryRun;
  const ChangeReport report = change(request);
  EXPECT_EQ(report.result, ChangeReport::Result::kPlanned);
  EXPECT_EQ(report.plan.writes.size(), 1U);
  EXPECT_FALSE(report.applied);
  EXPECT_EQ(machine.kernel().writes(), 0U);
}

TEST_P(ServiceOver, RefusesWithReasonsAndChangesNothing) {
  const ChangeReport report =
      change(set({setting(Knob::kPidsMax, "100"), setting(Knob::kIoWbps, "8:0=1M"),
                  setting(Knob::kCpusetCpus, "0-7")}));
  ASSERT_TRUE(report.fault);
  EXPECT_EQ(report.fault->problem, Problem::kRefused);
  EXPECT_EQ(report.change, 0U);
  EXPECT_EQ(machine.kernel().writes(), 0U);
  if (v1) {
    EXPECT_NE(report.fault->message.find("io.wbps"), std::string::npos) << report.fault->message;
    EXPECT_EQ(report.plan.refusals.size(), 1U);
  }
}

TEST_P(ServiceOver, TakesBackWhatFailsHalfWay) {
  std::size_t writes = 0;
  machine.kernel().set_faults([&](std::size_t, limit::Call call) {
    return call == limit::Call::kWrite && ++writes == 2 ? EIO : 0;
  });
  const ChangeReport report =
      change(set({setting(Knob::kPidsMax, "100"), setting(Knob::kCpuQuota, "0.25")}));
  ASSERT_TRUE(report.fault);
  EXPECT_EQ(report.fault->problem, Problem::kFailed);
  EXPECT_NE(report.change, 0U);
  ASSERT_TRUE(report.applied);
  EXPECT_EQ(report.applied->writes.size(), report.plan.writes.size());
  EXPECT_EQ(machine.text("/a", "pids.max"), "max");
  EXPECT_FALSE(shown(Knob::kPidsMax)->found);
}

TEST_P(ServiceOver, LeavesUnitsOfSystemdToTheirManager) {
  limit::KernelView view = limit::ViewOf(GetParam(), {"/system.slice"}).view();
  for (limit::GroupView& group : view.groups) group.manager = "systemd unit system.slice";
  FakeMachine managed{view};
  FakeStore disk;
  auto opened = Service::open(disk, managed, clock);
  ASSERT_TRUE(opened);
  auto draft = (*opened)->draft("cgroup:/system.slice", set({setting(Knob::kPidsMax, "100")}));
  ASSERT_TRUE(draft) << draft.error().message;
  const ChangeReport report = (*opened)->carry_out(*std::move(draft), {});
  ASSERT_TRUE(report.fault);
  EXPECT_EQ(report.fault->problem, Problem::kRefused);
  EXPECT_NE(report.fault->message.find("systemd unit system.slice"), std::string::npos);
  EXPECT_EQ(managed.kernel().writes(), 0U);
}

class NoProperties final : public ManagerPort {
 public:
  std::string why_not(const Unit& unit, const limit::Write& write) const override {
    return unit.name + " has no property for " + write.file;
  }
  Result<> write(const Unit&, const std::string& file, std::string_view) override {
    return failure(ErrorKind::kIo, "fake", file);
  }
};

TEST_P(ServiceOver, SaysWhatTheManagerCannotBeTold) {
  limit::KernelView view = limit::ViewOf(GetParam(), {"/system.slice"}).view();
  for (limit::GroupView& group : view.groups) group.manager = "systemd unit system.slice";
  FakeMachine managed{view};
  managed.known = {{.id = "system.slice",
                    .runtime = "systemd",
                    .cgroup = "/system.slice",
                    .manager = "systemd unit system.slice"}};
  const NoProperties manager;
  managed.way_to_manager = &manager;
  FakeStore disk;
  auto opened = Service::open(disk, managed, clock);
  ASSERT_TRUE(opened);
  const auto draft = (*opened)->draft("system.slice", set({setting(Knob::kPidsMax, "100")}));
  ASSERT_TRUE(draft) << draft.error().message;
  ASSERT_EQ(draft->plan.refusals.size(), 1U);
  EXPECT_EQ(draft->plan.refusals[0].reason, "system.slice has no property for pids.max");
}

TEST_P(ServiceOver, ListsWhatWasChanged) {
  expect_done(set({setting(Knob::kPidsMax, "100"), setting(Knob::kCpuQuota, "0.25")}));
  const auto changed = service->changed();
  ASSERT_TRUE(changed);
  ASSERT_EQ(changed->size(), 1U);
  EXPECT_EQ(changed->front().target.cgroup, "/a");
  std::vector<std::string_view> knobs;
  for (const KnobState& knob : changed->front().settings)
    knobs.push_back(limit::name_of(knob.setting.knob));
  EXPECT_EQ(knobs, (std::vector<std::string_view>{"cpu.quota", "pids.max"}));
}

TEST_P(ServiceOver, RemembersWhoDidWhat) {
  expect_done(set({setting(Knob::kPidsMax, "100")}));
  ASSERT_TRUE(change(set({setting(Knob::kPidsMax, "200")}), "cgroup:/c").change != 0);
  const auto all = service->history(std::nullopt, 100);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->records.size(), 2U);
  EXPECT_EQ(all->broken, "");
  const auto one = service->history("cgroup:/c", 100);
  ASSERT_EQ(one->records.size(), 1U);
  EXPECT_NE(one->records[0].find("\"new\":\"200\""), std::string::npos) << one->records[0];
  EXPECT_NE(one->records[0].find("\"comm\":\"test\""), std::string::npos);
  EXPECT_EQ(service->history(std::nullopt, 1)->records, one->records);
  std::string& log = store.files["audit.log"];
  log.replace(log.find("\"new\":\"100\""), 11, "\"new\":\"900\"");
  EXPECT_NE(service->history(std::nullopt, 100)->broken.find("audit.log"), std::string::npos);
}

TEST_P(ServiceOver, ForgetsGroupsThatAreGone) {
  expect_done(set({setting(Knob::kPidsMax, "100")}));
  const Spot spot = service->state().found().begin()->first;
  const limit::Place other{"/a", spot.at.hierarchy, spot.at.inode + 1000};
  service->forget({&other, 1});
  EXPECT_EQ(service->state().found().size(), 1U);
  service->forget({&spot.at, 1});
  EXPECT_TRUE(service->state().found().empty());
}

TEST_P(ServiceOver, SaysThatThereIsNoSuchGroup) {
  const auto draft = service->draft("cgroup:/nowhere", set({setting(Knob::kPidsMax, "100")}));
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().problem, Problem::kNotFound);
}

TEST_P(ServiceOver, TellsOfItsOwnChanges) {
  auto opened = Service::open(store, machine, clock);
  ASSERT_TRUE(opened);
  std::vector<std::string> told;
  (*opened)->observe(
      {.begins =
           [&](const limit::Plan& plan) { told.push_back("begins " + plan.writes.at(0).file); },
       .ended =
           [&](const limit::Plan&, const Outcome& outcome) {
             told.emplace_back(outcome.done() ? "done" : "not done");
           }});
  auto draft = (*opened)->draft("cgroup:/a", set({setting(Knob::kPidsMax, "100")}));
  ASSERT_TRUE(draft);
  EXPECT_EQ((*opened)->carry_out(*std::move(draft), {}).result, ChangeReport::Result::kDone);
  EXPECT_EQ(told, (std::vector<std::string>{"begins pids.max", "done"}));
}

// A value that came under a lease is repaired, and the lease ends all the same.
TEST_P(ServiceOver, ARepairLeavesLeasesAlone) {
  expect_done(lease({setting(Knob::kPidsMax, "100")}, kMinute));
  machine.write("/a", "pids.max", "999");
  LimitRequest repair = set({setting(Knob::kPidsMax, "100")});
  repair.why = LimitRequest::Why::kRepair;
  expect_done(repair);
  EXPECT_EQ(machine.text("/a", "pids.max"), "100");
  machine.advance(kMinute);
  end_due_leases();
  EXPECT_EQ(machine.text("/a", "pids.max"), "max");
}

INSTANTIATE_TEST_SUITE_P(, ServiceOver, ::testing::Values(1, 2),
                         [](const auto& v) { return "V" + std::to_string(v.param); });

}  // namespace
}  // namespace plimsoll::control
