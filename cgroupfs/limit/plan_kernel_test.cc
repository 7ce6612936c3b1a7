// The planner against the kernel of this machine, whichever version it has: of thousands of random
// plans every write is answered as predicted, reads back as predicted, and nothing else changes.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/number.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/test_limit_groups.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::limit {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = ::getenv(variable);
  return text == nullptr ? otherwise : to_number<std::uint64_t>(text).value_or(otherwise);
}

// Values at and around the edges, and many in between.
class AnyLimits {
 public:
  AnyLimits(std::uint64_t seed, const KernelView& view) : random_(seed) {
    for (std::size_t c = 0; c < versions_.size(); ++c) versions_[c] = view.controllers[c].version;
    for (const BlockDevice& device : view.devices)
      devices_.push_back(std::to_string(device.number.major) + ":" +
                         std::to_string(device.number.minor));
    if (devices_.size() > 6) devices_.erase(devices_.begin(), devices_.end() - 6);
    devices_.emplace_back("999:7");
  }

  std::size_t below(std::size_t end) { return random_() % end; }

  // What some number of knobs should be; at most `most`.
  Limits limits(std::size_t most) {
    Limits limits;
    for (std::size_t n = 1 + below(most); n > 0; --n) {
      const Knob knob = any_knob();
      const auto setting =
          below(6) == 0 ? parse_unset(knob, detail(knob)) : parse_setting(knob, text(knob));
      if (!setting) ADD_FAILURE() << setting.error().message();
      if (setting) limits = *with(limits, *setting);
    }
    return limits;
  }

 private:
  std::string of(std::vector<std::string> texts) { return texts[below(texts.size())]; }

  std::string detail(Knob knob) {
    switch (info_of(knob).detail) {
      case Detail::kNone:
        return "";
      case Detail::kDevice:
        return of(devices_);
      case Detail::kOptionalDevice:
        return below(2) == 0 ? "" : of(devices_);
      case Detail::kPageSize:
        break;
    }
    return of({"2MB", "1GB", "64KB"});
  }

  std::string text(Knob knob) {
    const std::string at = detail(knob);
    return at.empty() ? value(knob) : at + "=" + value(knob);
  }

  // Good ones, and now and then one at or beyond an edge.
  std::string value(Knob knob) {
    const bool edge = below(4) == 0;
    const std::string some = std::to_string(1 + below(400));
    switch (knob) {
      case Knob::kCpuWeight:
      case Knob::kIoWeight:
        return edge ? of({"0", "1", "3", "10000", "10001"}) : some;
      case Knob::kCpuShares:
        return edge ? of({"1", "2", "3", "262144", "262145"}) : some + "0";
      case Knob::kCpuQuota:
        return edge ? of({"max", "0.001", "999us", "1ms", "17592186044415us", "17592186044416us"})
                    : of({"0.01", "0.5", "1", "2", some + "ms", some + "00us"});
      case Knob::kCpuPeriod:
        return edge ? of({"999", "1000", "1000000", "1000001"})
                    : of({"50ms", "100ms", some + "ms"});
      case Knob::kCpuBurst:
        return edge ? of({"0", "1", "17592186044415"}) : of({"10ms", some + "ms"});
      case Knob::kCpusetCpus:
        return edge ? of({"2", "99"}) : of({"0", "1", "0-1", "0,1"});
      case Knob::kCpusetMems:
        return edge ? of({"1", "1024"}) : "0";
      case Knob::kMemorySwap:
        return edge ? of({"0", "max", "4097"}) : some + "M";
      // Never below what the little process needs.
      case Knob::kMemoryMax:
      case Knob::kMemoryHigh:
        return edge ? of({"max", "16M", "67108865", "8E"}) : std::to_string(16 + below(400)) + "M";
      case Knob::kMemoryMin:
      case Knob::kMemoryLow:
        return edge ? of({"max", "0", "4097"}) : some + "k";
      case Knob::kMemorySwappiness:
        return edge ? of({"0", "200", "201"}) : "60";
      case Knob::kIoBfqWeight:
        return edge ? of({"0", "1", "1000", "1001"}) : some;
      case Knob::kIoRbps:
      case Knob::kIoWbps:
        return edge ? of({"max", "1", "18446744073709551614"}) : some + "k";
      case Knob::kIoRiops:
      case Knob::kIoWiops:
        return edge ? of({"max", "1", "4294967294", "4294967295", "4294967301"}) : some;
      case Knob::kIoLatency:
        return of({"1", "10ms"});
      case Knob::kIoCostQos:
      case Knob::kIoCostModel:
        return "ctrl=auto";
      case Knob::kPidsMax:
        return edge ? of({"max", "0", "1", "4194304", "4194305"}) : some;
      case Knob::kHugetlbMax:
        return of({"max", "0", "2M", "3M", "1G"});
      default:
        return of({"on", "off"});
    }
  }

  // Mostly such that this host has a file for them.
  Knob any_knob() {
    for (;;) {
      const KnobInfo& info = catalogue()[below(kKnobCount)];
      const int version = version_of(info);
      const bool there = version != 0 && !(version == 1 ? info.file_v1 : info.file_v2).empty();
      const bool common = info.unit != Unit::kKeys && info.knob != Knob::kIoBfqWeight &&
                          info.knob != Knob::kIoWeight;
      if ((there && common) || below(20) == 0) return info.knob;
    }
  }
  int version_of(const KnobInfo& info) const {
    if (info.knob == Knob::kFreeze && versions_[static_cast<std::size_t>(info.controller)] == 0)
      return 2;
    return versions_[static_cast<std::size_t>(info.controller)];
  }

  std::array<int, cgroupfs::kControllerCount> versions_{};
  std::mt19937_64 random_;
  std::vector<std::string> devices_;
};

struct Counts {
  std::size_t plans = 0;
  std::size_t ok = 0;
  std::size_t accepted = 0;
  std::size_t refused = 0;  // As predicted.
  std::size_t refusals = 0;
  std::size_t hazards = 0;  // Refused with a hazard that said so.
};

using Key = std::pair<std::string, std::string>;  // Group and file.

// Files that move without being written.
bool moves_by_itself(const std::string& file) {
  static const std::set<std::string> kMoving = {"memory.usage_in_bytes", "memory.current",
                                                "pids.current",          "cpuset.cpus.effective",
                                                "cpuset.mems.effective", "freezer.self_freezing",
                                                "cgroup.controllers"};
  return kMoving.contains(file);
}

class PlanAgainstKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!groups_.why_not().empty()) GTEST_SKIP() << groups_.why_not();
    for (const char* below : {"/a", "/b", "/a/c", "/a/d", "/b/e", "/b/e/f"}) groups_.make(below);
    ASSERT_EQ(groups_.why_not(), "");
    // A v1 group without CPUs takes no process: every group gets its parent's, which is a plan,
    // too.
    KernelView now = view();
    std::vector<Wanted> wanted;
    for (const GroupView& group : now.groups)
      if (group.path.starts_with(groups_.top()) &&
          now.of(cgroupfs::Controller::kCpuset).version == 1)
        wanted.push_back({group.path, cpusets(now)});
    const Applied applied = apply(make_plan(now, wanted), port_);
    ASSERT_EQ(applied.end, Applied::End::kDone) << (applied.error ? applied.error->message() : "");
    ASSERT_EQ(groups_.populate("/a/c"), "");
    // Beside children of its own: v2 enables nothing there that children compete for.
    ASSERT_EQ(groups_.populate("/b"), "");
  }

  static Limits cpusets(const KernelView& view) {
    Limits limits;
    limits.cpuset_cpus = view.cpus;
    limits.cpuset_mems = view.mems;
    return limits;
  }

  // The root is not ours: as if a manager had it, so that no plan writes to it.
  KernelView view(const cgroupfs::ControllerSet& controllers = kAll) {
    auto read = read_view(groups_.layout(), groups_.sys(), std::vector{groups_.top()}, controllers);
    EXPECT_TRUE(read) << read.error().message();
    if (!read) return {};
    for (GroupView& group : read->groups)
      if (!group.path.starts_with(groups_.top())) group.manager = "this machine";
    return *std::move(read);
  }

  // One write; false when the kernel did not do as predicted.
  bool agrees(const Write& write) {
    const auto done = port_.write(write.at, write.file, write.new_text);
    const int os_error = done ? 0 : done.error().os_error;
    if (os_error != write.predicted_errno) {
      if (os_error == EBUSY && !write.hazard.empty()) {
        ++counts_.hazards;
        return true;
      }
      ADD_FAILURE() << write.at.cgroup << " " << write.file << " <- \"" << write.new_text << "\" ("
                    << write.reason << "): predicted " << write.predicted_errno << ", is "
                    << os_error;
      return false;
    }
    ++(os_error == 0 ? counts_.accepted : counts_.refused);
    if (os_error == ENOENT) return true;  // Nothing to read back.
    const auto text = port_.read(write.at, write.file);
    if (!text || !reads_as_expected(write, *text)) {
      ADD_FAILURE() << write.at.cgroup << " " << write.file << " <- \"" << write.new_text
                    << "\" reads as \"" << text.value_or("?") << "\", not \"" << write.expected
                    << "\"";
      return false;
    }
    if (write.effective_file.empty() || os_error != 0) return true;
    const auto effective = port_.read(write.at, write.effective_file);
    EXPECT_EQ(effective.value_or("?"), write.effective_text) << write.at.cgroup;
    return effective.value_or("?") == write.effective_text;
  }

  // Nothing that the plan does not name is different.
  static bool same_beside(const Plan& plan, const KernelView& before, const KernelView& after) {
    std::set<Key> named;
    bool freezes = false;
    for (const Write& write : plan.writes) {
      named.insert({write.at.cgroup, write.file});
      // An idle group weighs what the kernel likes, and what is below a frozen one is frozen.
      freezes = freezes || write.file == "freezer.state";
      if (write.file == "cpu.idle")
        for (const char* weight : {"cpu.shares", "cpu.weight"})
          named.insert({write.at.cgroup, weight});
      for (const UndoWrite& undo : write.undo) named.insert({write.at.cgroup, undo.file});
    }
    for (const GroupView& group : before.groups)
      for (const FileText& file : group.files) {
        if (named.contains({group.path, file.name}) || moves_by_itself(file.name)) continue;
        if (file.name == "freezer.state" && freezes) continue;
        const std::string* now = after.groups[*after.index_of(group.path)].find(file.name);
        if (now != nullptr && same_text(file.name, *now, file.text)) continue;
        ADD_FAILURE() << group.path << " " << file.name << " was \"" << file.text << "\", is \""
                      << (now == nullptr ? "gone" : *now) << "\" after\n"
                      << to_text(plan);
        return false;
      }
    return true;
  }

  // What is read for these knobs alone leads to the same plan as what is read of all. Both are read
  // now: a manager may have handed controllers on since.
  void expect_the_same_of_less(const std::vector<Wanted>& wanted, const PlanOptions& options) {
    cgroupfs::ControllerSet controllers;
    for (const Wanted& one : wanted) controllers |= controllers_of(settings_of(one.limits));
    // Hazards say how much is used, which moves.
    const auto text_of = [&](const KernelView& read) {
      Plan plan = make_plan(read, wanted, options);
      for (Write& write : plan.writes) write.hazard.clear();
      return to_text(plan);
    };
    ASSERT_EQ(text_of(view(controllers)), text_of(view()));
  }

  LimitGroups groups_{"plan"};
  CgroupPort port_{groups_.layout()};
  Counts counts_;
};

TEST_F(PlanAgainstKernel, AnswersAsPredicted) {
  const std::uint64_t seed = number_from("PLIMSOLL_LIMIT_SEED", std::random_device()());
  const std::uint64_t plans = number_from("PLIMSOLL_LIMIT_PLANS", 2000);
  std::printf("PLIMSOLL_LIMIT_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  KernelView before = view();
  AnyLimits any(seed, before);
  for (; counts_.plans < plans; ++counts_.plans) {
    std::vector<Wanted> wanted;
    for (std::size_t n = 1 + any.below(3); n > 0; --n) {
      const GroupView& group = before.groups[any.below(before.groups.size())];
      if (group.path.starts_with(groups_.top())) wanted.push_back({group.path, any.limits(4)});
    }
    PlanOptions options;
    options.v1_write_caps = PlanOptions::DirectIo::kAccept;
    const Plan plan = make_plan(before, wanted, options);
    if (counts_.plans % 5 == 0 && !wanted.empty()) {
      ASSERT_NO_FATAL_FAILURE(expect_the_same_of_less(wanted, options));
    }
    counts_.ok += plan.ok() && !plan.writes.empty() ? 1 : 0;
    counts_.refusals += plan.refusals.size();
    for (const Write& write : plan.writes)
      ASSERT_TRUE(agrees(write)) << "plan " << counts_.plans << ":\n" << to_text(plan);
    KernelView after = view();
    ASSERT_TRUE(same_beside(plan, before, after));
    before = std::move(after);
  }
  std::printf(
      "%zu plans, %zu of them valid; %zu writes accepted, %zu refused as predicted, %zu requests "
      "refused, %zu with a hazard that came true\n",
      counts_.plans, counts_.ok, counts_.accepted, counts_.refused, counts_.refusals,
      counts_.hazards);
  EXPECT_GT(counts_.accepted, plans / 10);
  EXPECT_GT(counts_.refused, 0U);
}

}  // namespace
}  // namespace plimsoll::limit
