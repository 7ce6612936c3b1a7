// Looks at the processes, threads and sockets of cgroups, one cgroup after the other, a slice at a
// time; what TaskCollector's thread does, without the thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/read/group.h"
#include "cgroupfs/tree/tree.h"
#include "exporter/collect/net_sockets.h"
#include "exporter/collect/processes.h"
#include "exporter/collect/resctrl.h"
#include "exporter/collect/sched_ledger.h"
#include "exporter/collect/task_options.h"

namespace plimsoll::exporter {

// What is to be looked at. A copy: the tree's own may go while the worker is at it.
struct TaskTarget {
  cgroupfs::Cgroup cgroup;
  std::optional<std::int32_t> pid;  // Its first process, for limits and the network namespace.
  bool owns_network = false;        // The namespace's sockets are this cgroup's.
  bool container = false;
  bool operator==(const TaskTarget& other) const {
    return cgroup.serial == other.cgroup.serial && cgroup.inode == other.cgroup.inode &&
           pid == other.pid && owns_network == other.owns_network && container == other.container;
  }
};

// What was found. Absent: the group is off, or it could not be read.
struct TaskValues {
  OpenFiles files;
  std::optional<OpenFilesLimit> open_files_limit;
  std::optional<std::uint64_t> referenced_bytes;
  std::optional<SchedStat> sched;  // With everything below the cgroup.
  std::optional<TaskStates> states;
  std::optional<std::uint64_t> load, load_d;  // Tasks times 1000, averaged over ten seconds.
  SocketStatsPtr sockets;
  std::vector<ResctrlUsage> resctrl;
  bool operator==(const TaskValues&) const = default;
};
using TaskResults = std::unordered_map<std::uint64_t, TaskValues>;  // By serial.

struct TaskSurveyRoots {
  DirFd proc, resctrl;      // `resctrl` may be empty: nothing is monitored then.
  cgroupfs::Layout layout;  // Descriptors of its own.
};

class TaskSurvey {
 public:
  TaskSurvey(TaskSurveyRoots roots, const Clock& clock, TaskOptions options,
             cgroupfs::GroupSet groups, std::chrono::nanoseconds resctrl_interval);

  void want(const std::vector<TaskTarget>& targets);
  // How long to leave the machine alone: in any case, and if nothing new is wanted meanwhile.
  struct Rest {
    std::chrono::nanoseconds least{0}, most{0};
  };
  // Works for a few milliseconds, or until `stopped`.
  [[nodiscard]] Rest step(const std::function<bool()>& stopped);
  // A new one after every step that changed something.
  [[nodiscard]] std::shared_ptr<const TaskResults> results() const { return results_; }
  [[nodiscard]] TaskStats stats() const;

 private:
  struct Item {
    TaskTarget target;
    MonoTime due, load_due;
    std::optional<MonoTime> loaded_at;
    double load = 0, load_d = 0;
    std::uint64_t readings = 0;
    TaskValues values;
  };

  void survey(Item& item);
  void read_load(Item& item);
  [[nodiscard]] std::optional<std::uint64_t> io_waiting(const DirFd& cgroup);
  void read_sockets(Item& item);
  [[nodiscard]] Result<DirFd> open(const Item& item) const;
  [[nodiscard]] std::optional<std::vector<std::int32_t>> ids(const DirFd& cgroup, const char* file);
  [[nodiscard]] const char* threads_file() const;
  void publish();

  const TaskSurveyRoots roots_;
  const Clock& clock_;
  const TaskOptions options_;
  const cgroupfs::GroupSet groups_;
  // Whose lists of processes count: the one of the CPU numbers.
  const std::optional<std::size_t> hierarchy_;
  TaskStats stats_;
  Processes processes_;
  NetSockets sockets_;
  ResctrlGroups resctrl_;
  Result<CgroupStats> cgroup_stats_;
  SchedLedger ledger_;
  ReadBuffer buffer_;
  std::map<std::uint64_t, Item> items_;  // By serial.
  std::shared_ptr<const TaskResults> results_;
  MonoTime sweep_at_;
  std::uint64_t reached_ = 0;  // The serial looked at last.
  bool changed_ = false;
};

}  // namespace plimsoll::exporter
