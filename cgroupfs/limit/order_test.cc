// From any legal state of a tree to any other: there is a way, the plan finds it, and on the way
// nothing is outside of what was and what will be. The seed is printed.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/rules.h"
#include "cgroupfs/limit/test_views.h"

namespace plimsoll::limit {
namespace {

const std::vector<std::string> kGroups = {"/a", "/a/b", "/a/b/c", "/a/d", "/e"};

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t end) { return engine_() % end; }
  std::string of(std::initializer_list<const char*> texts) {
    return std::data(texts)[below(texts.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// What one group may be asked for, one knob at a time.
std::string any_request(Random& random) {
  switch (random.below(7)) {
    case 0:
      return "cpu.quota=" + std::to_string(1000 + random.below(200) * 1000) + "us";
    case 1:
      return "cpu.period=" + random.of({"20ms", "50ms", "100ms", "200ms"});
    case 2:
      return "cpu.burst=" + std::to_string(random.below(50)) + "ms";
    case 3:
      return "cpuset.cpus=" + random.of({"0", "1", "0-1", "2-3", "0-3", "1,3", "2", "3"});
    case 4:
      return "memory.max=" + std::to_string(1 + random.below(64)) + "M";
    case 5:
      return "memory.swap=" + random.of({"0", "8M", "16M", "max"});
    default:
      return random.of(
          {"cpu.quota=unset", "memory.swap=unset", "cpu.burst=unset", "cpu.period=unset"});
  }
}

// A legal state, reached by writes that the model accepted.
KernelView any_state(int version, Random& random) {
  FakeKernel kernel(ViewOf(version, {"/a", "/a/b", "/a/b/c", "/a/d", "/e"}).view());
  for (int i = 0; i < 60; ++i) {
    const std::string& group = kGroups[random.below(kGroups.size())];
    const Plan plan = make_plan(kernel.model().view(),
                                std::vector<Wanted>{{group, limits_of({any_request(random)})}});
    if (plan.ok()) (void)apply(plan, kernel);
  }
  return kernel.model().view();
}

std::string text_in(const KernelView& view, const std::string& group, const std::string& file) {
  const std::string* text = view.groups[*view.index_of(group)].find(file);
  return text == nullptr ? "" : *text;
}

std::string or_unset(const std::string& knob, std::string_view text, const char* unit) {
  const auto number = finite(text);
  return knob + "=" + (number ? std::to_string(*number) + unit : "unset");
}

// Everything that `view` has, as requests.
std::vector<Wanted> all_of(const KernelView& view, int version) {
  std::vector<Wanted> wanted;
  for (const std::string& group : kGroups) {
    std::vector<std::string> texts;
    const auto text = [&](const char* file) { return text_in(view, group, file); };
    if (version == 1) {
      texts = {or_unset("cpu.quota", text("cpu.cfs_quota_us"), "us"),
               or_unset("cpu.period", text("cpu.cfs_period_us"), "us"),
               or_unset("cpu.burst", text("cpu.cfs_burst_us"), "us"),
               or_unset("memory.max", text("memory.limit_in_bytes"), "")};
      const auto limit = finite(text("memory.limit_in_bytes"));
      const auto memsw = finite(text("memory.memsw.limit_in_bytes"));
      texts.push_back(memsw ? "memory.swap=" + std::to_string(*memsw - limit.value_or(0))
                            : "memory.swap=unset");
    } else {
      const std::string max = text("cpu.max");
      const std::size_t blank = max.find(' ');
      texts = {or_unset("cpu.quota", std::string_view(max).substr(0, blank), "us"),
               or_unset("cpu.period", std::string_view(max).substr(blank + 1), "us"),
               or_unset("cpu.burst", text("cpu.max.burst"), "us"),
               or_unset("memory.max", text("memory.max"), ""),
               or_unset("memory.swap", text("memory.swap.max"), "")};
    }
    const std::string cpus = text("cpuset.cpus");
    texts.push_back("cpuset.cpus=" + (cpus.empty() ? "unset" : cpus));
    Wanted one{group, {}};
    for (const std::string& request : texts) {
      const Limits limits = limits_of({request});
      for (const Setting& setting : settings_of(limits)) one.limits = *with(one.limits, setting);
    }
    wanted.push_back(std::move(one));
  }
  return wanted;
}

// Every state of a cpuset between old and new has what both have, and no more than they have
// together.
void expect_between(const Plan& plan) {
  std::map<std::pair<std::string, std::string>, std::pair<IdSet, IdSet>> ends;
  const auto cpuset = [](const Write& write) { return write.file == "cpuset.cpus"; };
  for (const Write& write : plan.writes)
    if (cpuset(write)) {
      const auto [end, first] =
          ends.try_emplace({write.at.cgroup, write.file}, *IdSet::parse(write.old_text), IdSet());
      end->second.second = *IdSet::parse(write.new_text);
    }
  for (const Write& write : plan.writes) {
    if (!cpuset(write)) continue;
    const auto& [from, to] = ends.at({write.at.cgroup, write.file});
    const IdSet now = *IdSet::parse(write.new_text);
    EXPECT_TRUE(now.subset_of(from.united(to))) << to_text(plan);
    EXPECT_TRUE(from.intersected(to).subset_of(now)) << to_text(plan);
  }
}

class AnyToAny : public ::testing::TestWithParam<int> {};

TEST_P(AnyToAny, IsFoundAndLeadsThere) {
  const std::uint64_t seed = std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  std::size_t writes = 0;
  for (int i = 0; i < 150; ++i) {
    const KernelView from = any_state(GetParam(), random);
    const KernelView to = any_state(GetParam(), random);
    const std::vector<Wanted> wanted = all_of(to, GetParam());
    const Plan plan = make_plan(from, wanted);
    ASSERT_TRUE(plan.ok()) << to_text(plan);
    expect_between(plan);
    FakeKernel kernel(from);
    // The fake has no cpuset.cpus.effective that follows.
    Plan plain = plan;
    for (Write& write : plain.writes) write.effective_file.clear();
    const Applied applied = apply(plain, kernel);
    ASSERT_EQ(applied.end, Applied::End::kDone) << to_text(plan) << applied.error->message();
    for (const std::string& group : kGroups)
      for (const FileText& file : to.groups[*to.index_of(group)].files)
        ASSERT_EQ(text_in(kernel.model().view(), group, file.name), file.text)
            << group << " " << file.name << "\n"
            << to_text(plan);
    // And back, as undo does after a failure at the very end.
    const Applied back = take_back(plain, plain.writes.size(), kernel);
    ASSERT_EQ(back.end, Applied::End::kUndone) << to_text(plan);
    for (const std::string& group : kGroups)
      for (const FileText& file : from.groups[*from.index_of(group)].files)
        ASSERT_EQ(text_in(kernel.model().view(), group, file.name), file.text)
            << group << " " << file.name;
    writes += plan.writes.size();
  }
  EXPECT_GT(writes, 150U);
}

INSTANTIATE_TEST_SUITE_P(, AnyToAny, ::testing::Values(1, 2),
                         [](const auto& row) { return "v" + std::to_string(row.param); });

}  // namespace
}  // namespace plimsoll::limit
