// Processes, threads and sockets of cgroups, for the groups that cAdvisor has off by default:
// sched, process, referenced_memory, tcp, udp, advtcp, resctrl, and cpuLoad with
// --enable_load_reader.
//
// Each costs system calls per process or a walk through the kernel's tables of sockets, so a thread
// of its own does it, rests nineteen times as long as it worked, and the sampler takes finished
// results. When none of the groups is on there is no collector.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/read/group.h"
#include "cgroupfs/tree/layout.h"
#include "exporter/collect/group_stats.h"
#include "exporter/collect/task_options.h"
#include "exporter/collect/task_survey.h"

namespace plimsoll::exporter {

struct TaskCollectorSetup {
  TaskOptions options;
  cgroupfs::GroupSet groups;
  std::chrono::nanoseconds resctrl_interval{0};
};

class TaskCollector {
 public:
  // Is any of the groups on?
  [[nodiscard]] static bool is_needed(const TaskCollectorSetup& setup);
  [[nodiscard]] static Result<std::unique_ptr<TaskCollector>> create(const HostRoots& roots,
                                                                     const cgroupfs::Layout& layout,
                                                                     const Clock& clock,
                                                                     TaskCollectorSetup setup);
  // Stops its thread and waits for it, five seconds at most; a thread that the kernel holds longer
  // is left to end by itself.
  virtual ~TaskCollector() = default;
  // Never blocks.
  virtual void want(std::vector<TaskTarget> targets) = 0;
  // The newest, shared and immutable; null until the first.
  [[nodiscard]] virtual std::shared_ptr<const TaskResults> results() const = 0;
  [[nodiscard]] virtual TaskStats stats() const = 0;
};

}  // namespace plimsoll::exporter
