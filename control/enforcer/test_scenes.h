// For tests: changes that are possible, each with its host before and after, at random from a seed.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/test_views.h"

namespace plimsoll::control {

// A change that is possible, and the host before and after it.
struct Scene {
  limit::KernelView before;
  limit::KernelView after;
  limit::Plan plan;
};

// Random wishes on a host of random limits; those without a good plan are thrown away.
inline std::optional<Scene> make_scene(std::mt19937& random, int version) {
  const auto pick = [&](auto... texts) {
    const std::string_view all[] = {texts...};
    return std::string(all[random() % std::size(all)]);
  };
  const auto some_limits = [&] {
    limit::Limits limits;
    const auto add = [&](std::string_view knob, const std::string& text) {
      if (random() % 3 != 0) return;
      const auto setting = limit::parse_setting(*limit::knob_named(knob), text);
      if (setting) limits = *limit::with(limits, *setting);
    };
    add("memory.max", pick("64M", "128M", "1G", "max"));
    add("memory.swap", pick("0", "64M", "max"));
    add("cpu.quota", pick("0.25 cpus", "1.5 cpus", "max"));
    add("cpu.weight", pick("10", "100", "500"));
    add("cpu.idle", pick("on", "off"));
    add("cpuset.cpus", pick("0", "0-1", "1-3", "0-3"));
    add("pids.max", pick("100", "1000", "max"));
    add("io.rbps", pick("8:0=1M", "8:0=10M", "8:0=max"));
    add("freeze", pick("on", "off"));
    return limits;
  };
  const auto wishes = [&] {
    std::vector<limit::Wanted> wanted;
    for (const char* group : {"/a", "/a/b", "/c"})
      if (random() % 2 == 0) wanted.push_back({group, some_limits()});
    return wanted;
  };
  const auto carry_out = [](const limit::KernelView& view, const limit::Plan& plan) {
    limit::FakeKernel kernel(view);
    return limit::apply(plan, kernel).end == limit::Applied::End::kDone
               ? std::optional(kernel.model().view())
               : std::nullopt;
  };
  const limit::KernelView fresh = limit::ViewOf(version, {"/a", "/a/b", "/c"}).view();
  const limit::Plan first = limit::make_plan(fresh, wishes());
  auto before = first.ok() ? carry_out(fresh, first) : std::optional(fresh);
  if (!before) return std::nullopt;
  limit::Plan plan = limit::make_plan(*before, wishes());
  if (!plan.ok() || plan.writes.empty()) return std::nullopt;
  auto after = carry_out(*before, plan);
  if (!after) return std::nullopt;
  return Scene{*std::move(before), *std::move(after), std::move(plan)};
}

inline std::vector<Scene> make_scenes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Scene> scenes;
  while (scenes.size() < count)
    if (auto scene = make_scene(random, 1 + static_cast<int>(scenes.size() % 2)))
      scenes.push_back(*std::move(scene));
  return scenes;
}

}  // namespace plimsoll::control
