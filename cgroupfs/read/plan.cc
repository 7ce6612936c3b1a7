#include "cgroupfs/read/plan.h"

#include "base/error.h"

namespace plimsoll::cgroupfs {

namespace {

bool on(const GroupSet& groups, Group group) {
  return group == Group::kAlways || groups.has(group);
}

bool wanted(const FileSpec& spec, const GroupSet& groups, Blkio blkio) {
  if (spec.unless && on(groups, *spec.unless)) return false;
  if (spec.blkio && *spec.blkio != blkio) return false;
  return on(groups, spec.group) || (spec.or_group && on(groups, *spec.or_group));
}

// The hierarchy where the file is; nothing if this host has it nowhere.
std::optional<std::size_t> hierarchy_of(const FileSpec& spec, const Layout& layout) {
  const std::optional<std::size_t> hierarchy =
      spec.controller ? layout.of(*spec.controller) : layout.unified();
  if (!hierarchy || layout.hierarchies[*hierarchy].version != spec.version) return std::nullopt;
  return hierarchy;
}

bool is_v1(const Layout& layout, Controller controller) {
  const auto hierarchy = layout.of(controller);
  return hierarchy && layout.hierarchies[*hierarchy].version == 1;
}

// On a hybrid host a v1 controller that has the same numbers speaks for the group: its processes
// need not be in the unified hierarchy at all.
bool v1_speaks(const FileSpec& spec, const Layout& layout) {
  if (spec.version != 2 || spec.controller) return false;
  if (spec.role == Role::kCpuUsage) return is_v1(layout, Controller::kCpuacct);
  if (spec.records == Records::kMany) return is_v1(layout, Controller::kPids);
  return false;
}

// Hot files in front of the first that is not part of the idle test. Without CPU usage there is
// none: a group may work without its memory usage changing by a page.
std::size_t idle_test_size(const std::vector<PlannedFile>& hot) {
  bool cpu = false;
  std::size_t size = 0;
  while (size < hot.size() && hot[size].spec->role != Role::kNone) {
    cpu = cpu || hot[size].spec->role == Role::kCpuUsage;
    ++size;
  }
  return cpu ? size : 0;
}

}  // namespace

Plan make_plan(const Layout& layout, const GroupSet& groups, Blkio blkio) {
  Plan plan;
  unsigned bit = 0;
  std::size_t tested = 0;  // Files of the idle test so far; all of them are hot.
  // v2 first: see put_freezer_state().
  for (const auto files : {files_v2(), files_v1()}) {
    for (const FileSpec& spec : files) {
      const auto hierarchy = hierarchy_of(spec, layout);
      if (!hierarchy || !wanted(spec, groups, blkio) || v1_speaks(spec, layout)) continue;
      PLIMSOLL_CHECK(bit < 64);
      // A host with some controllers on v1 and others on v2 has both kinds of hot files: those of
      // the idle test go first.
      std::vector<PlannedFile>& tier = plan.tiers[static_cast<std::size_t>(spec.tier)];
      const std::size_t at = spec.role == Role::kNone ? tier.size() : tested++;
      tier.insert(tier.begin() + static_cast<std::ptrdiff_t>(at), {&spec, *hierarchy, bit++});
      if (spec.blkio) plan.blkio = hierarchy;
      if (spec.version == 2 && spec.role == Role::kMemoryUsage)
        plan.memory_current = PlannedFile{&spec, *hierarchy, bit - 1};
    }
  }
  const std::vector<PlannedFile>& hot = plan.tiers[static_cast<std::size_t>(Tier::kHot)];
  PLIMSOLL_CHECK(hot.size() <= kMaxHot);
  plan.idle_test = idle_test_size(hot);
  if (groups.has(Group::kHugetlb)) plan.hugetlb = layout.of(Controller::kHugetlb);
  plan.memory = groups.has(Group::kMemory);
  return plan;
}

}  // namespace plimsoll::cgroupfs
