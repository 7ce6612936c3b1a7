#include "control/service/managed.h"

#include <gtest/gtest.h>

#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/test_views.h"

namespace plimsoll::control {
namespace {

constexpr const char* kService = "/system.slice/web.service";

// As systemd leaves a service without a property that needs the processor's controllers.
limit::KernelView view() {
  limit::ViewOf of(2, {"/system.slice", kService, "/plain"});
  for (const char* group : {kService, "/plain"}) {
    of.set(group, "cgroup.controllers", "memory pids");
    for (const char* file : {"cpu.max", "cpu.weight", "cpu.idle", "cpuset.cpus", "io.max"})
      of.without(group, file);
  }
  return of.view();
}

const std::string* text(const limit::KernelView& view, const char* group, const char* file) {
  return view.groups[*view.index_of(group)].find(file);
}

TEST(NameManagers, UnitsHaveTheFilesThatSystemdWillEnable) {
  limit::KernelView named = view();
  name_managers(named);
  EXPECT_EQ(named.groups[*named.index_of(kService)].manager, "systemd unit web.service");
  EXPECT_EQ(named.groups[*named.index_of("/plain")].manager, "");
  ASSERT_NE(text(named, kService, "cpu.max"), nullptr);
  EXPECT_EQ(*text(named, kService, "cpu.max"), "max 100000");
  EXPECT_EQ(*text(named, kService, "cpuset.cpus"), "");
  // Older kernels lack it; only the file itself would prove it.
  EXPECT_EQ(text(named, kService, "cpu.idle"), nullptr);
  EXPECT_EQ(text(named, "/plain", "cpu.max"), nullptr);
}

TEST(NameManagers, SoNobodyButSystemdEnablesControllers) {
  limit::KernelView named = view();
  name_managers(named);
  const limit::Wanted wanted{kService, limit::limits_of({"cpus=0.25", "cpuset.cpus=0"})};
  const limit::Plan plan =
      limit::make_plan(named, {&wanted, 1}, {.managed = limit::PlanOptions::Managed::kWrite});
  ASSERT_TRUE(plan.ok()) << limit::to_text(plan);
  ASSERT_EQ(plan.writes.size(), 2U) << limit::to_text(plan);
  for (const limit::Write& write : plan.writes) EXPECT_EQ(write.at.cgroup, kService);
}

class NoManager final : public ManagerPort {
 public:
  std::string why_not(const Unit&, const limit::Write&) const override { return ""; }
  Result<> write(const Unit&, const std::string& file, std::string_view) override {
    return failure(ErrorKind::kIo, "fake", file);
  }
};

TEST(ManagedPort, AFileThatSystemdTookAwaySaysTheDefault) {
  NoManager manager;
  ManagedPort port(std::make_unique<limit::FakeKernel>(view()), manager);
  EXPECT_EQ(port.read({kService, 0, 0}, "cpu.max").value_or("none"), "max 100000");
  EXPECT_EQ(port.read({kService, 0, 0}, "cpu.max.burst").value_or("none"), "0");
  EXPECT_FALSE(port.read({kService, 0, 0}, "memory.reclaim"));
  EXPECT_FALSE(port.read({"/plain", 0, 0}, "cpu.max"));
  EXPECT_FALSE(port.read({"/system.slice/gone.service", 0, 0}, "cpu.max"));
  // A knob goes to systemd, what is no knob to the file.
  EXPECT_EQ(port.write({kService, 0, 0}, "pids.max", "5").error().kind, ErrorKind::kIo);
  EXPECT_TRUE(port.write({"/plain", 0, 0}, "pids.max", "5"));
}

}  // namespace
}  // namespace plimsoll::control
