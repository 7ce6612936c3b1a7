// The metric groups: 22 with cAdvisor's names (v0.60.5, `-disable_metrics`), and ours, whose series
// are many and wanted by few. A reader reads no file that serves only disabled groups.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plimsoll::cgroupfs {

enum class Group : std::uint8_t {
  kCpu,
  kSched,
  kPercpu,
  kMemory,
  kMemoryNuma,
  kCpuLoad,
  kDiskIo,
  kDisk,
  kNetwork,
  kTcp,
  kAdvTcp,
  kUdp,
  kApp,
  kProcess,
  kHugetlb,
  kPerfEvent,
  kReferencedMemory,
  kCpuTopology,
  kResctrl,
  kCpuset,
  kOomEvent,
  kPressure,
  kMemoryStat,   // Ours: the events that memory.stat counts, by name.
  kPressureAvg,  // Ours: the averages in the pressure files.
  kAlways        // Not a group of cAdvisor's: what no flag can switch off (identity, limits, pids).
};
inline constexpr std::size_t kGroupCount = static_cast<std::size_t>(Group::kAlways) + 1;

class GroupSet {
 public:
  constexpr GroupSet() = default;
  // kAlways and cAdvisor's default-on groups: all but advtcp cpu_topology cpuset hugetlb
  // memory_numa process referenced_memory resctrl sched tcp udp; of ours none.
  [[nodiscard]] static GroupSet defaults();
  [[nodiscard]] static GroupSet all();
  GroupSet& set(Group group, bool on = true) {
    bits_.set(static_cast<std::size_t>(group), on);
    return *this;
  }
  [[nodiscard]] bool has(Group group) const { return bits_.test(static_cast<std::size_t>(group)); }
  bool operator==(const GroupSet&) const = default;

 private:
  std::bitset<kGroupCount> bits_;
};

// "memory_numa" and so on; nullopt for an unknown word. kAlways has no flag name ("").
[[nodiscard]] std::string_view name_of(Group group);
[[nodiscard]] std::optional<Group> group_named(std::string_view name);

}  // namespace plimsoll::cgroupfs
