#include "cgroupfs/read/plan.h"

#include "base/error.h"

namespace plimsoll::cgroupfs {

namespace {

bool on(const GroupSet& groups, Group group) {
  return group == Group::kAlways || groups.has(group);
}

bool wanted(const FileSpec& spec, const GroupSet& groups, std::optional<Blkio> blkio) {
  if (spec.unless && on(groups, *spec.unless)) return false;
  if (spec.blkio && spec.blkio != blkio) return false;
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

// Where a file goes in its tier. A host with some controllers on v1 and others on v2 has both kinds
// of hot files: those of the idle test come first, and CPU usage before memory usage.
std::size_t place_of(const FileSpec& spec, const std::vector<PlannedFile>& tier) {
  const auto rank = [](Role role) {
    return role == Role::kCpuUsage ? 0 : role == Role::kMemoryUsage ? 1 : 2;
  };
  std::size_t place = tier.size();
  while (place > 0 && rank(tier[place - 1].spec->role) > rank(spec.role)) --place;
  return place;
}

std::size_t leading(const std::vector<PlannedFile>& hot, Role first, Role last) {
  std::size_t size = 0;
  while (size < hot.size() && (hot[size].spec->role == first || hot[size].spec->role == last))
    ++size;
  return size;
}

void give_slots(Plan& plan) {
  std::vector<PlannedFile>& hot = plan.tiers[static_cast<std::size_t>(Tier::kHot)];
  PLIMSOLL_CHECK(hot.size() <= kMaxHot);
  for (std::size_t rank = 0; rank < hot.size(); ++rank) hot[rank].slot = rank;
  std::size_t next = kMaxHot;
  for (PlannedFile& file : plan.tiers[static_cast<std::size_t>(Tier::kWarm)])
    if (file.spec->spare && next < kMaxHeld) file.slot = next++;
}

}  // namespace

Plan make_plan(const Layout& layout, const GroupSet& groups, std::optional<Blkio> blkio) {
  Plan plan;
  unsigned bit = 0;
  // v2 first: see put_freezer_state().
  for (const auto files : {files_v2(), files_v1()}) {
    for (const FileSpec& spec : files) {
      const auto hierarchy = hierarchy_of(spec, layout);
      if (!hierarchy || !wanted(spec, groups, blkio) || v1_speaks(spec, layout)) continue;
      PLIMSOLL_CHECK(bit < 64);
      std::vector<PlannedFile>& tier = plan.tiers[static_cast<std::size_t>(spec.tier)];
      const std::size_t place = place_of(spec, tier);
      tier.insert(tier.begin() + static_cast<std::ptrdiff_t>(place),
                  {.spec = &spec, .hierarchy = *hierarchy, .bit = bit++, .slot = {}});
      if (spec.version == 2 && spec.role == Role::kMemoryUsage) plan.memory_current = tier[place];
    }
  }
  give_slots(plan);
  const std::vector<PlannedFile>& hot = plan.tiers[static_cast<std::size_t>(Tier::kHot)];
  // Without CPU usage there is no test: a group may work without its memory usage changing by a
  // page.
  plan.idle_cpu = leading(hot, Role::kCpuUsage, Role::kCpuUsage);
  if (plan.idle_cpu > 0) plan.idle_test = leading(hot, Role::kCpuUsage, Role::kMemoryUsage);
  PLIMSOLL_CHECK(plan.idle_test <= kMaxIdleTest);
  if (groups.has(Group::kDiskIo) && is_v1(layout, Controller::kIo))
    plan.blkio = layout.of(Controller::kIo);
  if (groups.has(Group::kHugetlb)) plan.hugetlb = layout.of(Controller::kHugetlb);
  plan.memory = groups.has(Group::kMemory);
  return plan;
}

}  // namespace plimsoll::cgroupfs
