// Units of the systemd that runs this machine. In the guest only: it makes services of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/test_limit_groups.h"
#include "cgroupfs/limit/test_views.h"
#include "control/manager/systemd_port.h"

namespace plimsoll::control {
namespace {

using limit::Applied;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr const char* kUnit = "plimsoll-test-unit.service";
const std::string kGroup = std::string("/system.slice/") + kUnit;

int run(std::vector<std::string> words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  if (::posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return -1;
  int status = -1;
  return ::waitpid(child, &status, 0) == child ? status : -1;
}

bool runs_systemd() {
  return ::access("/run/systemd/system", F_OK) == 0;
}

// Writes go to systemd, and a file that is not there because no property needs its controller says
// the default.
class UnitPort : public limit::KernelPort {
 public:
  UnitPort(limit::KernelPort& kernel, ManagerPort& manager) : kernel_(kernel), manager_(manager) {}
  Result<std::string> read(const limit::Place& place, const std::string& file) override {
    Result<std::string> text = kernel_.read(place, file);
    if (text || text.error().kind != ErrorKind::kNotOffered) return text;
    const auto absent = text_without_controller(file);
    return absent ? Result<std::string>(std::string(*absent)) : text;
  }
  Result<> write(const limit::Place&, const std::string& file, std::string_view text) override {
    return manager_.write({kUnit, std::nullopt}, file, text);
  }

 private:
  limit::KernelPort& kernel_;
  ManagerPort& manager_;
};

class Systemd : public ::testing::Test {
 protected:
  Systemd() : port_(groups_.layout()), managed_(port_, manager_) {}
  void SetUp() override {
    if (!runs_systemd()) GTEST_SKIP() << "this machine's init is not systemd";
    ASSERT_EQ(run({"systemd-run", "--quiet", std::string("--unit=") + kUnit, "sleep", "100000"}),
              0);
  }
  void TearDown() override {
    if (runs_systemd()) (void)run({"systemctl", "stop", kUnit});
  }

  Applied apply(std::initializer_list<std::string_view> wishes) {
    const std::string paths[] = {kGroup};
    auto view = limit::read_view(groups_.layout(), groups_.sys(), paths);
    EXPECT_TRUE(view) << view.error().message();
    const limit::Wanted wanted[] = {{kGroup, limit::limits_of(wishes)}};
    plan_ = limit::make_plan(*view, wanted);
    EXPECT_TRUE(plan_.ok()) << limit::to_text(plan_);
    // systemd enables a controller itself, and would disable one that none of its properties needs.
    std::erase_if(plan_.writes, [](const limit::Write& write) { return !write.knob; });
    for (const limit::Write& write : plan_.writes)
      EXPECT_EQ(manager_.why_not({kUnit, std::nullopt}, write), "") << write.file;
    Applied applied = limit::apply(plan_, managed_);
    EXPECT_EQ(applied.end, Applied::End::kDone)
        << limit::to_text(plan_) << (applied.error ? applied.error->message() : "")
        << (applied.failed ? applied.writes[*applied.failed].read_back : "");
    return applied;
  }
  std::string text(const char* file) {
    const std::string paths[] = {kGroup};
    const auto view = limit::read_view(groups_.layout(), groups_.sys(), paths);
    const auto group = view ? view->index_of(kGroup) : std::nullopt;
    const std::string* found = group ? view->groups[*group].find(file) : nullptr;
    return found == nullptr ? "none" : *found;
  }

  limit::LimitGroups groups_{"systemd"};
  limit::CgroupPort port_;
  SystemdPort manager_;
  UnitPort managed_;
  limit::Plan plan_;
};

TEST_F(Systemd, EveryKnobItKnowsIsSetVerifiedAndSurvivesAReload) {
  (void)apply({"memory.max=64M", "memory.high=48M", "memory.low=8M", "memory.min=4M",
               "memory.swap=0", "pids=40", "cpu.weight=50", "cpus=0.25", "cpu.period=50ms",
               "cpuset.cpus=0"});
  const auto all = [&] {
    EXPECT_EQ(text("memory.max"), "67108864");
    EXPECT_EQ(text("memory.high"), "50331648");
    EXPECT_EQ(text("memory.low"), "8388608");
    EXPECT_EQ(text("memory.min"), "4194304");
    EXPECT_EQ(text("memory.swap.max"), "0");
    EXPECT_EQ(text("pids.max"), "40");
    EXPECT_EQ(text("cpu.weight"), "50");
    EXPECT_EQ(text("cpu.max"), "12500 50000");
    EXPECT_EQ(text("cpuset.cpus"), "0");
  };
  all();
  ASSERT_EQ(run({"systemctl", "daemon-reload"}), 0);
  all();
  ASSERT_EQ(run({"systemctl", "daemon-reexec"}), 0);
  all();
}

TEST_F(Systemd, AnotherKnobLeavesTheOthersAlone) {
  (void)apply({"memory.max=64M", "cpus=0.5"});
  (void)apply({"pids=40"});
  EXPECT_EQ(text("memory.max"), "67108864");
  EXPECT_EQ(text("cpu.max"), "50000 100000");
  (void)apply({"memory.max=unset", "cpus=unset", "pids=unset"});
  EXPECT_EQ(text("memory.max"), "max");
  // systemd takes the controller away, and the file with it, unless a neighbour needs it.
  EXPECT_THAT(text("cpu.max"), testing::AnyOf("none", "max 100000"));
  EXPECT_EQ(text("pids.max"), "max");
  ASSERT_EQ(run({"systemctl", "daemon-reload"}), 0);
  EXPECT_EQ(text("pids.max"), "max");
}

TEST_F(Systemd, CapsOfADisk) {
  (void)apply({"io.rbps=254:0=10M", "io.wiops=254:0=100"});
  EXPECT_EQ(text("io.max"), "254:0 rbps=10485760 wbps=max riops=max wiops=100");
  (void)apply({"io.rbps=254:0=unset"});
  EXPECT_EQ(text("io.max"), "254:0 rbps=max wbps=max riops=max wiops=100");
}

TEST_F(Systemd, FreezesIdlesAndWakes) {
  (void)apply({"freeze=on"});
  EXPECT_EQ(text("cgroup.freeze"), "1");
  (void)apply({"freeze=off"});
  EXPECT_EQ(text("cgroup.freeze"), "0");
  (void)apply({"cpu.idle=on"});
  EXPECT_EQ(text("cpu.idle"), "1");
  (void)apply({"cpu.idle=off"});
  EXPECT_THAT(text("cpu.weight"), AnyOf("100", "none"));
}

TEST_F(Systemd, AWriteBesideItIsUndoneByAReloadAndOursIsNot) {
  (void)apply({"pids=40"});
  const limit::Place place = plan_.writes.back().at;
  ASSERT_TRUE(port_.write(place, "memory.max", "67108864"));
  ASSERT_TRUE(port_.write(place, "pids.max", "50"));
  ASSERT_EQ(run({"systemctl", "daemon-reload"}), 0);
  // The reason for asking systemd: what it was not told, it writes over.
  EXPECT_EQ(text("pids.max"), "40");
}

TEST_F(Systemd, SaysWhatItRefusesAndWhatIsNotThere) {
  const auto unknown =
      manager_.change("plimsoll-test-none.nonsense", {{{"TasksMax", std::uint64_t{5}}}, {}});
  ASSERT_FALSE(unknown);
  const auto bad = manager_.change(kUnit, {{{"CPUWeight", std::uint64_t{20'000}}}, {}});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, ErrorKind::kRejected) << bad.error().message();
  EXPECT_THAT(bad.error().message(), HasSubstr("CPUWeight"));
  const auto property = manager_.change(kUnit, {{{"NoSuchProperty", std::uint64_t{1}}}, {}});
  ASSERT_FALSE(property);
  EXPECT_EQ(property.error().kind, ErrorKind::kNotOffered) << property.error().message();
  const auto missing =
      manager_.change("plimsoll-test-none.service", {{{"TasksMax", std::uint64_t{5}}}, {}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kGone) << missing.error().message();
  EXPECT_EQ(manager_.write({"a.service", 7}, "pids.max", "5").error().kind, ErrorKind::kDenied);
  limit::Write burst;
  burst.file = "cpu.max.burst";
  burst.new_text = "1000";
  EXPECT_THAT(manager_.why_not({kUnit, std::nullopt}, burst), HasSubstr("no property"));
  EXPECT_THAT(manager_.why_not({"a.service", 7}, burst), HasSubstr("systemctl --user"));
  SystemdPort nobody({.address = "unix:path=/run/plimsoll-test-none",
                      .own_socket = "",
                      .timeout = std::chrono::seconds(1)});
  const auto silent = nobody.write({kUnit, std::nullopt}, "pids.max", "5");
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace plimsoll::control
