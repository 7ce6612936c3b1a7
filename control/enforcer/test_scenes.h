// For tests: changes that are possible, each with its host before and after, at random from a seed.
#pragma once

#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/test_views.h"

namespace plimsoll::control {

// Changes that are possible, and the host before and after them.
struct Scene {
  limit::KernelView before;
  limit::KernelView after;
  limit::Plan plan;                // All of their writes.
  std::vector<limit::Plan> parts;  // That are carried out together, each for itself.
};

// Of single changes, over groups above and below each other; or of one for each of some groups.
enum class Kind { kSingle, kTogether };

// Random wishes on a host of random limits; those without a good plan are thrown away.
inline std::optional<Scene> make_scene(std::mt19937& random, int version,
                                       Kind kind = Kind::kSingle) {
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
  const auto groups = kind == Kind::kSingle ? std::vector<std::string>{"/a", "/a/b", "/c"}
                                            : std::vector<std::string>{"/a", "/b", "/c", "/d"};
  const auto wishes = [&] {
    std::vector<limit::Wanted> wanted;
    for (const std::string& group : groups)
      if (random() % 2 == 0) wanted.push_back({group, some_limits()});
    return wanted;
  };
  const auto carry_out = [](const limit::KernelView& view, const limit::Plan& plan) {
    limit::FakeKernel kernel(view);
    return limit::apply(plan, kernel).end == limit::Applied::End::kDone
               ? std::optional(kernel.model().view())
               : std::nullopt;
  };
  const limit::KernelView fresh = limit::ViewOf(version, groups).view();
  const limit::Plan first = limit::make_plan(fresh, wishes());
  auto before = first.ok() ? carry_out(fresh, first) : std::optional(fresh);
  if (!before) return std::nullopt;
  Scene scene{*before, *before, {}, {}};
  const std::vector<limit::Wanted> wanted = wishes();
  const std::size_t size = kind == Kind::kSingle ? wanted.size() : 1;
  for (std::size_t i = 0; i < wanted.size(); i += size) {
    limit::Plan part = limit::make_plan(*before, std::span(wanted).subspan(i, size));
    auto after = carry_out(scene.after, part);
    if (!part.ok() || !after) return std::nullopt;
    if (part.writes.empty()) continue;
    scene.after = *std::move(after);
    scene.plan.writes.insert(scene.plan.writes.end(), part.writes.begin(), part.writes.end());
    scene.parts.push_back(std::move(part));
  }
  const std::size_t least = kind == Kind::kSingle ? 1 : 2;
  return scene.parts.size() < least ? std::nullopt : std::optional(std::move(scene));
}

inline std::vector<Scene> make_scenes(std::size_t count, unsigned seed, Kind kind = Kind::kSingle) {
  std::mt19937 random(seed);
  std::vector<Scene> scenes;
  while (scenes.size() < count)
    if (auto scene = make_scene(random, 1 + static_cast<int>(scenes.size() % 2), kind))
      scenes.push_back(*std::move(scene));
  return scenes;
}

}  // namespace plimsoll::control
