// Text of PROC/PID about one process or thread, parsed: pure functions, no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/number.h"

namespace plimsoll::exporter {

// PROC/TID/schedstat: "2713441 65526 12\n". Only of this thread: a process is the sum of its
// threads. Source: Documentation/scheduler/sched-stats.rst.
struct SchedStat {
  std::uint64_t run_ns = 0;   // On a CPU.
  std::uint64_t wait_ns = 0;  // Runnable, waiting for one.
  std::uint64_t periods = 0;  // Times it was given one.
  bool operator==(const SchedStat&) const = default;
};
[[nodiscard]] Result<SchedStat> parse_schedstat(std::string_view text);

// PROC/PID/limits: "Max open files            1024                 4096                 files".
// Nothing without such a line.
struct OpenFilesLimit {
  Limit<std::uint64_t> soft = Limit<std::uint64_t>::none();
  Limit<std::uint64_t> hard = Limit<std::uint64_t>::none();
  bool operator==(const OpenFilesLimit&) const = default;
};
[[nodiscard]] Result<std::optional<OpenFilesLimit>> parse_open_files_limit(std::string_view text);

// PROC/PID/smaps_rollup or smaps: the sum of "Referenced:            1056 kB" lines, in bytes. A
// kernel thread's is empty: 0.
[[nodiscard]] Result<std::uint64_t> parse_referenced(std::string_view text);

// PROC/TID/stat: the letter behind the name, which may itself hold parentheses: "7 (a) b) S 1 ...".
[[nodiscard]] Result<char> parse_task_state(std::string_view text);

}  // namespace plimsoll::exporter
