// Kernel and distribution text about the machine, parsed: pure functions, no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::exporter {

// /proc/meminfo: "MemTotal:       24682416 kB".
struct MemInfo {
  std::optional<std::uint64_t> total_bytes;
  std::optional<std::uint64_t> swap_total_bytes;
};
[[nodiscard]] Result<MemInfo> parse_meminfo(std::string_view text);

// A list of CPUs as sysfs prints it: "0-3,8,10-11\n". Empty text is the empty list.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text);

// /proc/stat: "btime 1763681581" and one "cpuN ..." line for each online CPU.
struct StatFacts {
  std::optional<std::uint64_t> btime;  // Seconds since the epoch.
  std::uint32_t cpus = 0;
};
[[nodiscard]] Result<StatFacts> parse_stat_facts(std::string_view text);

// Where one logical CPU sits; -1 where the kernel does not say.
struct CpuPlace {
  std::int64_t package = -1, die = -1, core = -1, book = -1, drawer = -1;
  bool operator==(const CpuPlace&) const = default;
};

// /proc/cpuinfo, used when sysfs has no topology: blocks of "physical id\t: 0", "core id\t\t: 1",
// one block per CPU.
[[nodiscard]] std::vector<CpuPlace> parse_cpuinfo(std::string_view text);

// os-release(5): the value of PRETTY_NAME, unquoted; "" if there is none.
[[nodiscard]] std::string parse_pretty_name(std::string_view text);

}  // namespace plimsoll::exporter
