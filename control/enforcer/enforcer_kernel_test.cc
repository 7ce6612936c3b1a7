// The engine on the kernel of this machine: killed by SIGKILL at any moment, and taking memory away
// from a process that uses it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/temp_tree.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/test_limit_groups.h"
#include "cgroupfs/limit/test_views.h"
#include "control/enforcer/enforcer.h"
#include "control/enforcer/shrink.h"
#include "control/store/dir_store.h"

namespace plimsoll::control {
namespace {

constexpr int kKills = 100;
constexpr std::size_t kMiB = std::size_t{1} << 20;

limit::KernelView view_of(const limit::LimitGroups& groups) {
  const std::string paths[] = {groups.top()};
  auto view = limit::read_view(groups.layout(), groups.sys(), paths);
  EXPECT_TRUE(view) << view.error().message();
  return view ? *std::move(view) : limit::KernelView();
}

limit::Plan plan_for(const limit::LimitGroups& groups,
                     std::initializer_list<std::string_view> limits) {
  const limit::Wanted wanted[] = {{groups.top() + "/a", limit::limits_of(limits)},
                                  {groups.top() + "/a/b", limit::limits_of({"pids=50"})}};
  return limit::make_plan(view_of(groups), wanted);
}

// The knobs that the two states below differ in, as the kernel has them now.
std::string state_of(const limit::LimitGroups& groups) {
  const limit::KernelView view = view_of(groups);
  const auto group = view.index_of(groups.top() + "/a");
  std::string state;
  for (const char* file :
       {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max", "memory.swap.max",
        "cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.weight", "cpu.max", "pids.max"})
    if (const std::string* text = group ? view.groups[*group].find(file) : nullptr)
      state += std::string(file) + "=" + *text + "\n";
  return state;
}

limit::Plan plan_of_turn(const limit::LimitGroups& groups, int turn) {
  return turn % 2 == 0 ? plan_for(groups, {"memory=64M", "cpus=0.5", "cpu.weight=50", "pids=70"})
                       : plan_for(groups, {"memory=256M", "cpus=1.5", "cpu.period=50ms",
                                           "cpu.weight=500", "pids=90"});
}

struct Engine {
  std::unique_ptr<DirStore> store;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<Enforcer> enforcer;
};

Result<Engine> start(const std::string& dir) {
  Engine engine;
  const Moment at = now("one boot");
  engine.store = PLIMSOLL_TRY(DirStore::open(dir));
  engine.journal = PLIMSOLL_TRY(Journal::open(*engine.store, at));
  engine.audit = PLIMSOLL_TRY(AuditLog::open(*engine.store, at.wall));
  engine.enforcer = std::make_unique<Enforcer>(*engine.journal, *engine.audit);
  return engine;
}

// Kills its own process at write number `fatal`, counted from 1, half of the times after the kernel
// has it; 0: never.
class FatalPort final : public limit::CgroupPort {
 public:
  FatalPort(const cgroupfs::Layout& layout, int fatal) : CgroupPort(layout), fatal_(fatal) {}
  Result<> write(const limit::Place& place, const std::string& file,
                 std::string_view text) override {
    const bool now = ++writes_ == fatal_;
    if (now && fatal_ % 2 == 0) ::kill(::getpid(), SIGKILL);
    auto written = CgroupPort::write(place, file, text);
    if (now) ::kill(::getpid(), SIGKILL);
    return written;
  }

 private:
  int fatal_;
  int writes_ = 0;
};

// Changes limits until it is killed.
[[noreturn]] void live(const limit::LimitGroups& groups, const std::string& dir, int fatal) {
  auto engine = start(dir);
  if (!engine) ::_exit(1);
  FatalPort port(groups.layout(), fatal);
  engine->enforcer->recover(port, now("one boot"));
  for (int turn = 0;; ++turn)
    if (!engine->enforcer->run(plan_of_turn(groups, turn), {.now = now("one boot")}, port).done())
      ::_exit(2);
}

TEST(EngineOnTheKernel, KilledAtAnyMomentLeavesOldOrNew) {
  limit::LimitGroups groups("kill");
  groups.make("/a");
  groups.make("/a/b");
  if (!groups.why_not().empty()) GTEST_SKIP() << groups.why_not();
  const TempTree tree;
  const std::string dir = tree.path() + "/state";
  std::vector<std::string> allowed{state_of(groups)};
  {
    auto engine = start(dir);
    ASSERT_TRUE(engine) << engine.error().message();
    limit::CgroupPort port(groups.layout());
    for (const int turn : {0, 1, 0}) {
      const limit::Plan plan = plan_of_turn(groups, turn);
      ASSERT_TRUE(plan.ok()) << to_text(plan);
      const Outcome outcome = engine->enforcer->run(plan, {.now = now("one boot")}, port);
      ASSERT_TRUE(outcome.done()) << outcome.error->message();
      allowed.push_back(state_of(groups));
    }
  }
  // All there are: the plan of even turns does not name cpu.period, so its first state differs.
  std::mt19937 random(7);
  std::size_t undone = 0;
  for (int i = 0; i < kKills; ++i) {
    // Every third one from outside, at any time; the others in the middle of a change.
    const int fatal = i % 3 == 0 ? 0 : 1 + static_cast<int>(random() % 24);
    const pid_t child = ::fork();
    if (child == 0) live(groups, dir, fatal);
    if (fatal == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(2000 + random() % 20'000));
      ASSERT_EQ(::kill(child, SIGKILL), 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "ended by itself: " << WEXITSTATUS(status);
    auto engine = start(dir);
    ASSERT_TRUE(engine) << engine.error().message();
    limit::CgroupPort port(groups.layout());
    const Recovery recovery = engine->enforcer->recover(port, now("one boot"));
    undone += recovery.undone;
    EXPECT_EQ(recovery.stuck + recovery.foreign + recovery.gone, 0U);
    ASSERT_NE(std::ranges::find(allowed, state_of(groups)), allowed.end()) << "kill " << i << ":\n"
                                                                           << state_of(groups);
    ASSERT_TRUE(engine->journal->state().open().empty());
  }
  EXPECT_GT(undone, 0U) << "no kill came in the middle of a change";
  auto engine = start(dir);
  ASSERT_TRUE(engine);
  const auto span = verify_audit(*engine->store);
  EXPECT_TRUE(span) << span.error().message();
}

// Uses `bytes` of anonymous memory in the group until it is killed; says by a byte that it has
// them.
pid_t use_memory(const limit::LimitGroups& groups, std::size_t hierarchy, std::size_t bytes) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto& dir = groups.layout().hierarchies[hierarchy].dir;
    const std::string file = cgroupfs::relative(groups.top() + "/a/b") + "/cgroup.procs";
    const int fd = ::openat(dir.get(), file.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) ::_exit(1);
    ::close(fd);
    void* const memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) ::_exit(1);
    std::memset(memory, 1, bytes);
    if (::write(ends[1], "!", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(ends[1]);
  char said = 0;
  const bool ready = ::read(ends[0], &said, 1) == 1;
  ::close(ends[0]);
  return ready ? child : -1;
}

TEST(EngineOnTheKernel, TakesMemoryAwayWithoutKilling) {
  limit::LimitGroups groups("shrink");
  groups.make("/a");
  groups.make("/a/b");
  if (!groups.why_not().empty()) GTEST_SKIP() << groups.why_not();
  const auto memory = view_of(groups).of(cgroupfs::Controller::kMemory);
  ASSERT_NE(memory.version, 0);
  const TempTree tree;
  auto engine = start(tree.path() + "/state");
  ASSERT_TRUE(engine) << engine.error().message();
  limit::CgroupPort port(groups.layout());
  const RealClock clock;
  const auto set = [&](std::string_view bytes) {
    const limit::Wanted wanted[] = {
        {groups.top() + "/a/b", limit::limits_of({"memory=" + std::string(bytes)})}};
    const limit::KernelView view = view_of(groups);
    const limit::Plan plan = with_guards(limit::make_plan(view, wanted), view);
    return engine->enforcer->run(plan, {.now = now("one boot"), .gate = shrink_gate(clock, {})},
                                 port);
  };
  const Outcome first = set("512M");
  ASSERT_TRUE(first.done()) << first.error->message();
  const pid_t child = use_memory(groups, memory.hierarchy, 64 * kMiB);
  ASSERT_GT(child, 0);
  const Outcome refused = set("40M");
  const Outcome lowered = set("80M");
  int status = 0;
  const pid_t ended = ::waitpid(child, &status, WNOHANG);
  ::kill(child, SIGKILL);
  if (ended == 0) ::waitpid(child, &status, 0);
  EXPECT_EQ(ended, 0) << "killed";
  ASSERT_FALSE(refused.done());
  EXPECT_EQ(refused.error->kind, ErrorKind::kRejected) << refused.error->message();
  EXPECT_TRUE(lowered.done()) << lowered.error->message();
}

}  // namespace
}  // namespace plimsoll::control
