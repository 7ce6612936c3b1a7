#include "control/enforcer/side_effects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace plimsoll::control {
namespace {

limit::Write random_write(std::mt19937& random) {
  constexpr const char* kFiles[] = {"cpu.idle",   "cpu.shares",    "cpu.weight",
                                    "memory.max", "freezer.state", "cgroup.subtree_control"};
  limit::Write write;
  const auto group = random() % 3;
  write.at = {"/" + std::to_string(group), random() % 2, group + 1};
  write.file = kFiles[random() % std::size(kFiles)];
  if (write.file != "cgroup.subtree_control") write.knob = limit::Knob::kCpuWeight;
  return write;
}

TEST(SideEffects, CountsWhatAskingOneByOneWouldFind) {
  std::mt19937 random(11);
  for (int turn = 0; turn < 300; ++turn) {
    std::vector<limit::Write> writes(random() % 12);
    std::ranges::generate(writes, [&] { return random_write(random); });
    SideEffects effects;
    for (const limit::Write& write : writes) effects.add(write);
    const limit::Write asked = random_write(random);
    const auto count = std::ranges::count_if(
        writes, [&](const limit::Write& write) { return has_say_in(write, asked); });
    EXPECT_EQ(effects.having_say_in(asked), static_cast<std::size_t>(count));
  }
}

}  // namespace
}  // namespace plimsoll::control
