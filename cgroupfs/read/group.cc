#include "cgroupfs/read/group.h"

#include <array>

namespace plimsoll::cgroupfs {

namespace {
constexpr std::array<std::string_view, kGroupCount> kNames = {"cpu",
                                                              "sched",
                                                              "percpu",
                                                              "memory",
                                                              "memory_numa",
                                                              "cpuLoad",
                                                              "diskIO",
                                                              "disk",
                                                              "network",
                                                              "tcp",
                                                              "advtcp",
                                                              "udp",
                                                              "app",
                                                              "process",
                                                              "hugetlb",
                                                              "perf_event",
                                                              "referenced_memory",
                                                              "cpu_topology",
                                                              "resctrl",
                                                              "cpuset",
                                                              "oom_event",
                                                              "pressure",
                                                              "memory_stat",
                                                              "pressure_avg",
                                                              ""};
}

std::string_view name_of(Group group) {
  return kNames[static_cast<std::size_t>(group)];
}

std::optional<Group> group_named(std::string_view name) {
  for (std::size_t i = 0; i + 1 < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Group>(i);
  return std::nullopt;
}

GroupSet GroupSet::all() {
  GroupSet set;
  for (std::size_t i = 0; i < kGroupCount; ++i) set.set(static_cast<Group>(i));
  return set;
}

GroupSet GroupSet::defaults() {
  GroupSet set = all();
  for (const Group off :
       {Group::kAdvTcp, Group::kCpuTopology, Group::kCpuset, Group::kHugetlb, Group::kMemoryNuma,
        Group::kProcess, Group::kReferencedMemory, Group::kResctrl, Group::kSched, Group::kTcp,
        Group::kUdp, Group::kMemoryStat, Group::kPressureAvg})
    set.set(off, false);
  return set;
}

}  // namespace plimsoll::cgroupfs
