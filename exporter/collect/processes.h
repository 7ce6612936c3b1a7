// What PROC/PID says about the processes and threads of a cgroup. For a worker: a process with many
// descriptors or much memory takes its time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/number.h"
#include "base/read_file.h"
#include "exporter/collect/group_stats.h"
#include "exporter/collect/process_text.h"
#include "exporter/collect/task_states.h"

namespace plimsoll::exporter {

struct OpenFiles {
  std::optional<std::uint64_t> descriptors,
      sockets;  // Absent when some process may not be looked at.
  bool operator==(const OpenFiles&) const = default;
};

class Processes {
 public:
  // `proc` must outlive it. What could not be read is counted in `stats`.
  Processes(const DirFd& proc, TaskStats& stats) : proc_(proc), stats_(stats) {}

  // A process that ends meanwhile counts nothing.
  [[nodiscard]] OpenFiles open_files(std::span<const std::int32_t> pids);
  [[nodiscard]] std::optional<OpenFilesLimit> open_files_limit(std::int32_t pid);
  // Bytes of pages used since they were last cleared. Absent when some process may not be read.
  [[nodiscard]] std::optional<std::uint64_t> referenced(std::span<const std::int32_t> pids);
  // Forgets which pages were used: "1" to clear_refs. The kernel's reclaim loses the same
  // knowledge.
  void clear_referenced(std::span<const std::int32_t> pids);
  [[nodiscard]] std::optional<SchedStat> sched(std::int32_t thread);
  [[nodiscard]] TaskStates states(std::span<const std::int32_t> threads);

 private:
  [[nodiscard]] Result<std::string_view> read(std::int32_t id, const char* file);
  // Denied and malformed are counted; gone is normal.
  void note(const Error& error);

  const DirFd& proc_;
  TaskStats& stats_;
  ReadBuffer buffer_;
};

// The numbers in cgroup.procs or tasks; 0, a process of a pid namespace we do not see, is left out.
[[nodiscard]] Result<std::vector<std::int32_t>> parse_ids(std::string_view text);

}  // namespace plimsoll::exporter
