// What can be limited: one row per knob, from which files, parsers, documentation and checks
// derive.
//
// A knob is what a person asks for; a control file is where a kernel keeps it. Some knobs share a
// file (cpu.max has quota and period on v2), some need two (memory.swap is a difference of two on
// v1), some exist on one version only.
// Sources: Linux 6.1 and 6.18, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/*.rst,
// kernel/sched/{core,fair}.c, kernel/cgroup/{cpuset,cpuset-v1,pids,freezer,legacy_freezer}.c,
// mm/memcontrol.c, mm/memcontrol-v1.c, mm/hugetlb_cgroup.c,
// block/blk-{throttle,iocost,iolatency}.c, block/bfq-cgroup.c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cgroupfs/tree/layout.h"

namespace plimsoll::limit {

enum class Knob : std::uint8_t {
  kCpuWeight,
  kCpuShares,
  kCpuQuota,
  kCpuPeriod,
  kCpuBurst,
  kCpuIdle,
  kCpusetCpus,
  kCpusetMems,
  kMemoryMin,
  kMemoryLow,
  kMemoryHigh,
  kMemoryMax,
  kMemorySwap,
  kMemoryOomGroup,
  kMemorySwappiness,
  kMemoryOomKillDisable,
  kIoWeight,
  kIoBfqWeight,
  kIoRbps,
  kIoWbps,
  kIoRiops,
  kIoWiops,
  kIoLatency,
  kIoCostQos,
  kIoCostModel,
  kPidsMax,
  kHugetlbMax,
  kFreeze
};
inline constexpr std::size_t kKnobCount = static_cast<std::size_t>(Knob::kFreeze) + 1;

// How its values are written by people and printed for them.
enum class Unit : std::uint8_t {
  kNumber,            // 100
  kCount,             // 100, 2k, or "max"
  kBytes,             // 64M, 1.5GiB, 50% (of the host's memory), or "max"
  kBytesPerSecond,    // 10M, or "max"
  kMicroseconds,      // 100000, 100ms, 0.1s
  kCpuTime,           // 25000 or 25ms per period, "0.25 cpus", 25% (of one CPU), or "max"
  kSwitch,            // on, off
  kIds,               // 0-3,7
  kPercentOfHundred,  // 0 to 200: swappiness
  kKeys               // enable=1 rpct=95
};

// What stands before '=' in a value: "254:0=10M", "2MB=64M".
enum class Detail : std::uint8_t {
  kNone,
  kDevice,          // MAJ:MIN of a whole disk, required.
  kOptionalDevice,  // Without one: the default of all devices.
  kPageSize         // As the kernel spells it: 64KB, 2MB, 1GB.
};

struct KnobInfo {
  Knob knob{};
  std::string_view name;   // As users write it.
  std::string_view alias;  // A second spelling, from other tools; may be empty.
  cgroupfs::Controller controller{};
  Unit unit{};
  Detail detail{};
  std::uint64_t min = 0;  // The least and the greatest value that the kernel keeps as it is.
  std::uint64_t max = 0;
  // Control files; empty where that version has none. "%" stands for the page size.
  std::string_view file_v1;
  std::string_view file_v2;
  // What a new group has, as the file says it; what "unset" writes. On v1 and on v2.
  std::string_view default_v1;
  std::string_view default_v2;
  std::string_view why_not_v1;  // Reasons of refusal where the file is empty.
  std::string_view why_not_v2;
  std::string_view help;  // One line.
};

// In the order of the enum.
[[nodiscard]] std::span<const KnobInfo> catalogue();
[[nodiscard]] const KnobInfo& info_of(Knob knob);
[[nodiscard]] inline std::string_view name_of(Knob knob) {
  return info_of(knob).name;
}
// By name or alias.
[[nodiscard]] std::optional<Knob> knob_named(std::string_view name);

}  // namespace plimsoll::limit
