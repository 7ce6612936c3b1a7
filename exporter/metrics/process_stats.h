// The exporter's own process as PROC/self shows it: the process_* families.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fd.h"

namespace plimsoll::exporter {

struct ProcessStats {
  std::optional<std::uint64_t> cpu_ns;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> threads;
  std::optional<std::uint64_t> start_ns;  // After boot.
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;  // Absent when unlimited.
  bool operator==(const ProcessStats&) const = default;
};

// Sizes of the kernel's units on this machine.
struct ProcessUnits {
  std::uint64_t ticks_per_second = 100;
  std::uint64_t page_bytes = 4096;
};

// Pure. The text of PROC/<pid>/stat: "4711 (name) S 1 ..."; the name may hold anything, also ')'.
[[nodiscard]] Result<ProcessStats> parse_process_stat(std::string_view text, ProcessUnits units);
// Pure. "Max open files" of PROC/<pid>/limits, soft; nothing when unlimited or not listed.
[[nodiscard]] std::optional<std::uint64_t> parse_max_open_files(std::string_view text);

// What cannot be read is absent. No allocation.
[[nodiscard]] ProcessStats read_process_stats(const DirFd& proc);

}  // namespace plimsoll::exporter
