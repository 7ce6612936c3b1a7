// The processes of a container, as `ps` would list them: read from PROC, without running anything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"

namespace plimsoll::exporter {

// PROC/<pid>/stat (proc_pid_stat(5)): "42 (a (b) c) S 1 42 42 0 -1 ...".
struct ProcessStat {
  std::string comm;
  char state = '?';
  std::int32_t ppid = 0, pgrp = 0, session = 0, tty = 0, foreground = 0;
  std::uint64_t utime = 0, stime = 0, starttime = 0;  // Clock ticks.
  std::int64_t nice = 0, threads = 0;
  std::uint64_t virtual_bytes = 0;
  std::int64_t rss_pages = 0;
  std::int32_t processor = 0;
};
// kMalformed with the line.
[[nodiscard]] Result<ProcessStat> parse_process_stat(std::string_view text);

// PROC/<pid>/cgroup: the path in the hierarchy that containers are named by: memory's, else cpu's,
// else the unified one; "/" where none says anything.
//   12:memory:/docker/abc
//   0::/docker/abc
[[nodiscard]] std::string parse_process_cgroup(std::string_view text);

// /etc/passwd: uid -> name.
[[nodiscard]] std::map<std::uint32_t, std::string> parse_passwd(std::string_view text);

struct ProcessRow {
  std::string user;
  std::int32_t pid = 0, ppid = 0;
  std::string start_time;                      // "23:33" today, "Nov20" this year, else "2025".
  double percent_cpu = 0, percent_memory = 0;  // One decimal: of its life, of the machine.
  std::uint64_t rss = 0, virtual_size = 0;     // Bytes.
  std::string status;                          // "Ssl+"
  std::string running_time;                    // CPU time: "00:01:05", "2-03:04:05".
  std::string cgroup;
  std::string cmd;
  std::optional<std::uint64_t> fd_count;  // Nothing: we may not look.
  std::int32_t psr = 0;
};

// What columns are computed from.
struct ProcessTable {
  WallTime now;
  std::uint64_t boot_time_seconds = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t page_size = 4096;
  std::uint64_t ticks_per_second = 100;
  std::map<std::uint32_t, std::string> users;
};
[[nodiscard]] ProcessRow process_row(std::int32_t pid, std::uint32_t uid, const ProcessStat& stat,
                                     const ProcessTable& table);

// Every process of `proc` whose cgroup is `cgroup`; all of them for "/", as cAdvisor has it. One
// that ends meanwhile is left out. By pid.
[[nodiscard]] Result<std::vector<ProcessRow>> list_processes(const DirFd& proc,
                                                             std::string_view cgroup,
                                                             const ProcessTable& table);

}  // namespace plimsoll::exporter
