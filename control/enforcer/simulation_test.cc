// The engine against a model of kernel and disk, in which everything that can happen happens: by
// hand at every call, then at random, thousands of times, from seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <random>
#include <vector>

#include "control/enforcer/test_simulation.h"

namespace plimsoll::control {
namespace {

using What = Event::What;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define PLIMSOLL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PLIMSOLL_SANITIZED 1
#endif
#endif

// Four times this many altogether: 100 000 wherever the change may land, in the ring kernel. With
// sanitizers a schedule takes thirty times as long, and what they look for shows in fewer.
#ifdef PLIMSOLL_SANITIZED
constexpr unsigned kSchedules = 2'500;
#else
constexpr unsigned kSchedules = 25'000;
#endif

constexpr std::array kErrnos = {EINVAL, EBUSY,  EACCES, EPERM,  ENOENT,    ENODEV,
                                ERANGE, EIO,    EINTR,  ENOMEM, EROFS,     EMFILE,
                                ENFILE, EAGAIN, ENOSPC, EDQUOT, EOPNOTSUPP};

Events at(std::size_t call, const Event& event) {
  return [=](std::size_t index) { return index == call ? event : Event{}; };
}

// Calls of one undisturbed run.
struct Length {
  std::size_t kernel = 0;
  std::size_t disk = 0;
};
Length length_of(const Scene& scene) {
  Simulation simulation(scene);
  EXPECT_TRUE(simulation.live(true));
  EXPECT_TRUE(simulation.all_done()) << to_text(scene.plan);
  const Length length{simulation.kernel.calls, simulation.disk_calls};
  EXPECT_EQ(simulation.check(), "");
  return length;
}

// Killed or not, in the next life everything is as it should be.
std::string finish(Simulation& simulation, bool lived) {
  simulation.calm();
  if (!lived && !simulation.live(false)) return "killed without a killer";
  return simulation.check();
}

// Single changes, and some that go together.
std::vector<Scene> both_kinds(std::size_t count, unsigned seed) {
  std::vector<Scene> scenes = make_scenes(count, seed);
  std::ranges::move(make_scenes(count / 2, seed, Kind::kTogether), std::back_inserter(scenes));
  return scenes;
}

TEST(EngineFaults, EveryErrnoAtEveryCallOfTheKernelLeavesOldOrNew) {
  for (const Scene& scene : both_kinds(12, 1)) {
    const Length length = length_of(scene);
    for (const What what : {What::kFails, What::kFailsAfterwards})
      for (const int os_error : kErrnos)
        for (std::size_t call = 0; call < length.kernel; ++call) {
          Simulation simulation(scene);
          simulation.kernel.events = at(call, {.what = what, .os_error = os_error});
          ASSERT_TRUE(simulation.live(true));
          ASSERT_FALSE(simulation.outcomes.empty());
          ASSERT_EQ(finish(simulation, true), "")
              << to_text(scene.plan) << "errno " << os_error << " at call " << call;
        }
  }
}

TEST(EngineFaults, EveryErrnoAtEveryCallOfTheDiskLeavesOldOrNew) {
  for (const Scene& scene : both_kinds(12, 2)) {
    const Length length = length_of(scene);
    for (const int os_error : kErrnos)
      for (std::size_t call = 0; call < length.disk; ++call) {
        Simulation simulation(scene);
        simulation.disk_events = at(call, {.what = What::kFails, .os_error = os_error});
        ASSERT_TRUE(simulation.live(true));
        simulation.calm();
        ASSERT_TRUE(simulation.live(false));
        ASSERT_EQ(finish(simulation, true), "")
            << to_text(scene.plan) << "errno " << os_error << " at call " << call;
      }
  }
}

// The disk fails from some call on, and stays so: what was said to be undone is, and nothing is
// said to be done.
TEST(EngineFaults, AFullDiskChangesNothing) {
  for (const Scene& scene : make_scenes(12, 3)) {
    const Length length = length_of(scene);
    for (std::size_t call = 0; call < length.disk; ++call) {
      Simulation simulation(scene);
      simulation.disk_events = [=](std::size_t index) {
        return index >= call ? Event{.what = What::kFails, .os_error = ENOSPC} : Event{};
      };
      ASSERT_TRUE(simulation.live(true));
      EXPECT_FALSE(simulation.all_done()) << call;
      EXPECT_TRUE(simulation.is_old()) << call;
    }
  }
}

// Those that go together end one by one, so some may be done by then.
TEST(EngineFaults, AFullDiskLeavesEachOfThoseThatGoTogetherOldOrNew) {
  for (const Scene& scene : make_scenes(12, 3, Kind::kTogether)) {
    const Length length = length_of(scene);
    for (std::size_t call = 0; call < length.disk; ++call) {
      Simulation simulation(scene);
      simulation.disk_events = [=](std::size_t index) {
        return index >= call ? Event{.what = What::kFails, .os_error = ENOSPC} : Event{};
      };
      ASSERT_TRUE(simulation.live(true));
      EXPECT_FALSE(simulation.all_done()) << call;
      simulation.calm();
      ASSERT_TRUE(simulation.live(false));
      ASSERT_EQ(finish(simulation, true), "") << to_text(scene.plan) << "from call " << call;
    }
  }
}

TEST(EngineKills, AtEveryCallLeaveOldOrNew) {
  for (const Scene& scene : both_kinds(30, 4)) {
    const Length length = length_of(scene);
    for (const What what : {What::kKilledBefore, What::kKilledAfter})
      for (std::size_t call = 0; call < length.kernel; ++call) {
        Simulation simulation(scene);
        simulation.kernel.events = at(call, {.what = what});
        ASSERT_FALSE(simulation.live(true));
        ASSERT_EQ(finish(simulation, false), "") << to_text(scene.plan) << "call " << call;
        ASSERT_TRUE(simulation.is_old() || scene.parts.size() > 1);
      }
    for (std::size_t call = 0; call < length.disk; ++call)
      for (const std::size_t torn : {0UL, 1UL, 13UL, 200UL, 1UL << 20}) {
        Simulation simulation(scene);
        simulation.disk_events = at(call, {.what = What::kKilledAfter, .torn = torn});
        ASSERT_FALSE(simulation.live(true));
        ASSERT_EQ(finish(simulation, false), "")
            << to_text(scene.plan) << "disk call " << call << ", torn at " << torn;
      }
  }
}

// Whatever mixture, the kill in the recovery included.
void run_schedules(const std::vector<Scene>& scenes, unsigned seed, unsigned count) {
  std::vector<Length> lengths;
  lengths.reserve(scenes.size());
  for (const Scene& scene : scenes) lengths.push_back(length_of(scene));
  for (unsigned schedule = 0; schedule < count; ++schedule) {
    std::mt19937 random(seed * 1'000'003U + schedule);
    const std::size_t which = random() % scenes.size();
    const Scene& scene = scenes[which];
    Simulation simulation(scene);
    const auto some_event = [&](bool disk) {
      const What all[] = {What::kFails, What::kFailsAfterwards, What::kKilledBefore,
                          What::kKilledAfter, What::kStranger};
      Event event{.what = all[random() % (disk ? 4 : 5)]};
      event.os_error = kErrnos[random() % kErrnos.size()];
      event.torn = random() % 400;
      event.which = random();
      return event;
    };
    const auto disturb = [&](std::size_t more_kernel, std::size_t more_disk) {
      const std::size_t kernel_call =
          simulation.kernel.calls + random() % (lengths[which].kernel + more_kernel);
      const std::size_t disk_call =
          simulation.disk_calls + random() % (lengths[which].disk + more_disk);
      const auto where = random() % 3;
      if (where != 0) simulation.kernel.events = at(kernel_call, some_event(false));
      if (where != 1) simulation.disk_events = at(disk_call, some_event(true));
    };
    disturb(4, 2);
    bool lived = simulation.live(true);
    if (!lived && random() % 2 == 0) {
      simulation.calm();
      disturb(0, 0);
      lived = simulation.live(false);
    }
    simulation.calm();
    // Stuck or unreadable things get their second chance at the next start.
    ASSERT_TRUE(simulation.live(false));
    ASSERT_EQ(finish(simulation, true), "") << "seed " << seed << ", schedule " << schedule << "\n"
                                            << to_text(scene.plan);
  }
}

class EngineSchedules : public testing::TestWithParam<unsigned> {};

TEST_P(EngineSchedules, LeaveOldOrNew) {
  run_schedules(make_scenes(100, GetParam()), GetParam(), kSchedules);
}

// A kill leaves each of them old or new by itself.
TEST_P(EngineSchedules, OfChangesThatGoTogetherLeaveEachOldOrNew) {
  run_schedules(make_scenes(100, GetParam(), Kind::kTogether), GetParam(), kSchedules / 2);
}

INSTANTIATE_TEST_SUITE_P(, EngineSchedules, testing::Values(11U, 12U, 13U, 14U));

}  // namespace
}  // namespace plimsoll::control
