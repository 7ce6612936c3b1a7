#include "agent/doctor/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/doctor/report.h"

namespace plimsoll::agent {
namespace {

using cgroupfs::Controller;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

cgroupfs::ControllerSet set_of(std::initializer_list<Controller> controllers) {
  cgroupfs::ControllerSet set;
  for (const Controller controller : controllers) set.set(static_cast<std::size_t>(controller));
  return set;
}

HierarchyFact v1(Controller controller, std::string path) {
  return {.version = 1, .controllers = set_of({controller}), .mount_path = std::move(path)};
}

// A host where nothing is wrong.
HostFacts healthy() {
  HostFacts facts;
  facts.kernel_release = "6.1.0-18-amd64";
  facts.mode = cgroupfs::Mode::kV2;
  facts.hierarchies = {
      {.version = 2,
       .controllers = set_of({Controller::kCpu, Controller::kCpuset, Controller::kMemory,
                              Controller::kIo, Controller::kPids}),
       .mount_path = "/sys/fs/cgroup"}};
  facts.cgroups = 100;
  facts.directories = 100;
  facts.host_pressure = facts.cgroup_pressure = true;
  facts.swap_bytes = 1 << 30;
  facts.swap_accounting = true;
  facts.inotify_instances = 128;
  facts.inotify_watches = 100'000;
  facts.files_soft = facts.files_hard = 1'000'000;
  facts.capabilities = ~std::uint64_t{0};
  facts.btf = true;
  facts.runtimes = {{inventory::Runtime::kDocker, "/var/lib/docker", true, true, ""}};
  facts.exporter = ExporterState::kHealthy;
  return facts;
}

HostFacts hybrid() {
  HostFacts facts = healthy();
  facts.mode = cgroupfs::Mode::kHybrid;
  facts.hierarchies = {v1(Controller::kCpu, "/sys/fs/cgroup/cpu"),
                       v1(Controller::kCpuacct, "/sys/fs/cgroup/cpuacct"),
                       v1(Controller::kMemory, "/sys/fs/cgroup/memory"),
                       v1(Controller::kIo, "/sys/fs/cgroup/blkio"),
                       v1(Controller::kPids, "/sys/fs/cgroup/pids"),
                       {.version = 2, .mount_path = "/sys/fs/cgroup/unified"}};
  facts.kernel_controllers = {{"cpu", true, true},    {"cpuacct", true, true},
                              {"memory", true, true}, {"blkio", true, true},
                              {"pids", true, true},   {"hugetlb", false, true}};
  return facts;
}

auto level(Level wanted) {
  return Field(&Finding::level, wanted);
}
auto finding(Level wanted, const std::string& subject, const std::string& text,
             const std::string& remedy) {
  return AllOf(level(wanted), Field(&Finding::subject, subject),
               Field(&Finding::text, HasSubstr(text)), Field(&Finding::remedy, HasSubstr(remedy)));
}

TEST(Doctor, FindsNothingWrongOnHealthyHosts) {
  for (const HostFacts& facts : {healthy(), hybrid()}) {
    EXPECT_THAT(diagnose(facts), Each(level(Level::kOk)));
    EXPECT_THAT(diagnose(facts), Each(Field(&Finding::remedy, "")));
    EXPECT_TRUE(usable(diagnose(facts)));
  }
}

TEST(Doctor, EveryProblemHasARemedy) {
  const std::vector<Finding> findings = diagnose(HostFacts());
  EXPECT_FALSE(usable(findings));
  for (const Finding& one : findings)
    EXPECT_EQ(one.level == Level::kOk, one.remedy.empty()) << one.subject << ": " << one.text;
}

struct Change {
  const char* name;
  HostFacts (*facts)();
  Level level;
  const char* subject;
  const char* text;
  const char* remedy;
};
class Changes : public ::testing::TestWithParam<Change> {};

TEST_P(Changes, AreFoundAndNothingElse) {
  const Change& change = GetParam();
  std::vector<Finding> problems = diagnose(change.facts());
  std::erase_if(problems, [](const Finding& one) { return one.level == Level::kOk; });
  EXPECT_THAT(problems,
              ElementsAre(finding(change.level, change.subject, change.text, change.remedy)));
}

template <class T>
HostFacts with(HostFacts facts, T HostFacts::* member, T value) {
  facts.*member = std::move(value);
  return facts;
}

HostFacts without(HostFacts facts, Controller controller) {
  for (HierarchyFact& hierarchy : facts.hierarchies)
    hierarchy.controllers.reset(static_cast<std::size_t>(controller));
  return facts;
}

HostFacts switched_off(HostFacts facts, const std::string& name) {
  for (ControllerFact& controller : facts.kernel_controllers)
    if (controller.name == name) controller.enabled = false;
  return facts;
}

INSTANTIATE_TEST_SUITE_P(
    , Changes,
    ::testing::Values(
        Change{"OldKernel",
               [] { return with(healthy(), &HostFacts::kernel_release, std::string("4.14.1")); },
               Level::kWarn, "kernel", "4.14.1 is old", "4.20"},
        Change{"UnknownKernel",
               [] { return with(healthy(), &HostFacts::kernel_release, std::string("strange")); },
               Level::kWarn, "kernel", "unknown release 'strange'", "--proc-root"},
        Change{"PartOfTheTree",
               [] {
                 HostFacts facts = healthy();
                 facts.hierarchies[0].mount_root = "/docker/abc";
                 return facts;
               },
               Level::kWarn, "cgroups", "only the part below /docker/abc", "--cgroupns=host"},
        Change{"UnreadableGroups",
               [] { return with(healthy(), &HostFacts::unreadable, std::size_t{3}); }, Level::kWarn,
               "cgroups", "3 directories", "CAP_DAC_READ_SEARCH"},
        Change{"MemoryNotMounted", [] { return without(hybrid(), Controller::kMemory); },
               Level::kFail, "memory controller", "no memory numbers", "mount -t cgroup -o memory"},
        Change{"MemorySwitchedOff",
               [] { return switched_off(without(hybrid(), Controller::kMemory), "memory"); },
               Level::kFail, "memory controller", "no memory numbers",
               "without cgroup_disable=memory"},
        Change{"CpuacctNotMounted", [] { return without(hybrid(), Controller::kCpuacct); },
               Level::kFail, "cpuacct controller", "no CPU usage", "mount -t cgroup -o cpuacct"},
        Change{"BlkioNotBuilt",
               [] {
                 HostFacts facts = without(hybrid(), Controller::kIo);
                 std::erase_if(facts.kernel_controllers,
                               [](const ControllerFact& one) { return one.name == "blkio"; });
                 return facts;
               },
               Level::kWarn, "blkio controller", "no block IO", "built without it"},
        Change{"IoNotEnabledOnV2", [] { return without(healthy(), Controller::kIo); }, Level::kWarn,
               "blkio controller", "no block IO", "echo +io >"},
        Change{"PidsNotEnabledOnV2", [] { return without(healthy(), Controller::kPids); },
               Level::kWarn, "pids controller", "no process counts", "echo +pids >"},
        Change{"NoPressureAtAll", [] { return with(healthy(), &HostFacts::host_pressure, false); },
               Level::kWarn, "pressure", "no pressure information", "psi=1"},
        Change{"PressureOfTheHostOnly",
               [] {
                 HostFacts facts = hybrid();
                 facts.mode = cgroupfs::Mode::kV1;
                 facts.hierarchies.pop_back();
                 facts.cgroup_pressure = false;
                 return facts;
               },
               Level::kWarn, "pressure", "only for the whole host", "mount -t cgroup2"},
        Change{"SwapNotAccounted",
               [] { return with(healthy(), &HostFacts::swap_accounting, false); }, Level::kWarn,
               "swap", "not accounted", "swapaccount=1"},
        Change{"FewInstances",
               [] {
                 return with(healthy(), &HostFacts::inotify_instances,
                             std::optional<std::uint64_t>(8));
               },
               Level::kWarn, "inotify", "only 8 instances", "max_user_instances=128"},
        Change{"FewWatches",
               [] {
                 return with(healthy(), &HostFacts::inotify_watches,
                             std::optional<std::uint64_t>(150));
               },
               Level::kWarn, "inotify", "150 watches per user for 100 cgroup",
               "max_user_watches=400"},
        Change{
            "FewFiles", [] { return with(healthy(), &HostFacts::files_hard, std::uint64_t{1024}); },
            Level::kWarn, "open files", "1024 open files allowed, 2036 would", "LimitNOFILE=4072"},
        Change{"NoPtrace",
               [] {
                 return with(healthy(), &HostFacts::capabilities,
                             std::optional<std::uint64_t>(~(std::uint64_t{1} << 19)));
               },
               Level::kWarn, "capabilities", "without CAP_SYS_PTRACE", "CAP_SYS_PTRACE"},
        Change{"NoAdminElsewhere",
               [] {
                 HostFacts facts = with(healthy(), &HostFacts::host_network, false);
                 facts.capabilities = ~(std::uint64_t{1} << 21);
                 return facts;
               },
               Level::kWarn, "capabilities", "without CAP_SYS_ADMIN", "CAP_SYS_ADMIN"},
        Change{"ContainersProc", [] { return with(healthy(), &HostFacts::host_processes, false); },
               Level::kWarn, "processes", "a container's", "--pid=host"},
        Change{"UnreadableRuntime",
               [] {
                 HostFacts facts = healthy();
                 facts.runtimes = {{inventory::Runtime::kDocker, "/var/lib/docker", true, false,
                                    "join the docker group"}};
                 return facts;
               },
               Level::kWarn, "runtimes", "docker at /var/lib/docker cannot be read", "join"},
        Change{"SickExporter",
               [] {
                 HostFacts facts = with(healthy(), &HostFacts::exporter, ExporterState::kUnhealthy);
                 facts.exporter_says = "starting";
                 return facts;
               },
               Level::kWarn, "exporter", "not well: starting", "log"},
        Change{"StrangerOnThePort",
               [] { return with(healthy(), &HostFacts::exporter, ExporterState::kStranger); },
               Level::kWarn, "exporter", "something else", "--web.listen-address"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(Doctor, FailsWithoutCgroups) {
  HostFacts facts = healthy();
  facts.mode.reset();
  facts.hierarchies.clear();
  facts.cgroup_error = "/nowhere: open: No such file or directory (ENOENT)";
  const std::vector<Finding> findings = diagnose(facts);
  EXPECT_FALSE(usable(findings));
  EXPECT_THAT(findings, Contains(finding(Level::kFail, "cgroups", "/nowhere", "--cgroup-root")));
}

TEST(Doctor, SaysWhetherSystemdKeepsTheCgroups) {
  HostFacts facts = healthy();
  EXPECT_EQ(check_cgroups(facts).front().text, "v2, 100 groups");
  facts.init = "systemd";
  EXPECT_EQ(check_cgroups(facts).front().text, "v2, kept by systemd, 100 groups");
}

TEST(Doctor, UnprivilegedWithoutNeedOfNetworkEntryIsNotToldAboutAdmin) {
  HostFacts facts = healthy();
  facts.capabilities = 0;
  const std::vector<Finding> findings = check_capabilities(facts);
  EXPECT_EQ(findings.size(), 3U);
  EXPECT_THAT(findings, Contains(Field(&Finding::text, HasSubstr("CAP_DAC_READ_SEARCH: names"))));
  EXPECT_THAT(findings, Not(Contains(Field(&Finding::text, HasSubstr("CAP_SYS_ADMIN")))));
}

TEST(Doctor, HidepidMattersOnlyWithoutPtrace) {
  HostFacts facts = healthy();
  facts.hidepid = "2";
  EXPECT_THAT(check_processes(facts), ElementsAre(level(Level::kOk)));
  facts.capabilities = 0;
  EXPECT_THAT(check_processes(facts),
              ElementsAre(finding(Level::kWarn, "processes", "hidepid=2", "CAP_SYS_PTRACE")));
}

TEST(Doctor, OldKernelIsToldThatPressureIsYounger) {
  HostFacts facts = healthy();
  facts.kernel_release = "4.19.0";
  facts.host_pressure = false;
  EXPECT_THAT(check_pressure(facts),
              ElementsAre(finding(Level::kWarn, "pressure", "no pressure", "4.20 or newer")));
}

TEST(Doctor, SaysWhenNoRuntimeIsThere) {
  HostFacts facts = healthy();
  facts.runtimes[0].present = false;
  EXPECT_THAT(check_runtimes(facts),
              ElementsAre(finding(Level::kOk, "runtimes", "none found", "")));
}

TEST(KernelVersion, ParsesReleases) {
  EXPECT_EQ(parse_kernel_version("6.18.44-fc"), (KernelVersion{6, 18}));
  EXPECT_EQ(parse_kernel_version("5.10"), (KernelVersion{5, 10}));
  for (const char* bad : {"", "6", "six.one", ".1", "6."})
    EXPECT_EQ(parse_kernel_version(bad), KernelVersion{}) << bad;
}

const std::vector<Finding> kFindings = {{Level::kOk, "kernel", "6.1.0", ""},
                                        {Level::kWarn, "open files", "few", "LimitNOFILE=9"},
                                        {Level::kFail, "memory \033[2J", "say \"no\"", "mount it"}};

TEST(Report, IsALineEachWithTheRemedyBelow) {
  EXPECT_EQ(report_text(kFindings, Paint::kPlain),
            "OK    kernel       6.1.0\n"
            "WARN  open files   few\n"
            "                   -> LimitNOFILE=9\n"
            "FAIL  memory ?[2J  say \"no\"\n"
            "                   -> mount it\n");
}

TEST(Report, PaintsOnlyTheLevel) {
  EXPECT_EQ(report_text({kFindings[0]}, Paint::kColours), "\033[32mOK  \033[0m  kernel  6.1.0\n");
}

TEST(Report, JsonSaysWhetherTheHostIsUsable) {
  EXPECT_EQ(report_json({kFindings[0]}),
            R"({"usable":true,"findings":[{"level":"OK","subject":"kernel","text":"6.1.0"}]})"
            "\n");
  const std::string text = report_json(kFindings);
  EXPECT_THAT(text, HasSubstr(R"({"usable":false,)"));
  EXPECT_THAT(text, HasSubstr(R"("text":"say \"no\"","remedy":"mount it"})"));
}

}  // namespace
}  // namespace plimsoll::agent
