// Cache and memory traffic of containers, as the CPU's resource monitoring counts them (Intel RDT,
// AMD PQoS, Arm MPAM) through resctrl. Source: Documentation/filesystems/resctrl.rst.
//
// A container is monitored when somebody has put its tasks into a monitoring group. With an
// interval we do that ourselves, as cAdvisor does: groups named "plimsoll-..." below the
// container's control group, removed when the container ends or we do. Without, nothing is written,
// and what runtimes have set up is read. Which group a process is in stands in
// PROC/PID/cpu_resctrl_groups (Linux 5.6).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/read_file.h"
#include "exporter/collect/group_stats.h"
#include "exporter/collect/group_values.h"

namespace plimsoll::exporter {

// "res:/clos\nmon:group\n": "/" is the root's control group, "" none; control group names have no
// slash.
struct ResctrlPlace {
  std::optional<std::string> control;  // "" is the root's. Nothing: resctrl is not in use.
  std::string monitor;                 // "" is none.
};
[[nodiscard]] Result<ResctrlPlace> parse_resctrl_place(std::string_view text);

class ResctrlGroups {
 public:
  // `root` is SYS/fs/resctrl, or an empty descriptor where it is not mounted. Both must outlive it.
  ResctrlGroups(const DirFd& root, const DirFd& proc, std::chrono::nanoseconds interval,
                TaskStats& stats);
  // Removes the groups it made.
  ~ResctrlGroups();
  ResctrlGroups(const ResctrlGroups&) = delete;
  ResctrlGroups& operator=(const ResctrlGroups&) = delete;

  [[nodiscard]] bool available() const { return root_.get() >= 0; }
  // Of the whole machine's root group.
  [[nodiscard]] std::vector<ResctrlUsage> host();
  struct Container {
    std::string path;  // The cgroup's.
    std::int32_t pid = 0;
    std::span<const std::int32_t> threads;  // Put into the group that we make.
  };
  // Empty for a container nobody monitors.
  [[nodiscard]] std::vector<ResctrlUsage> container(const Container& container, MonoTime now);
  void forget(const std::string& path);

 private:
  struct Made {
    std::string directory;
    MonoTime filled_at;
  };
  [[nodiscard]] std::vector<ResctrlUsage> usage(const std::string& directory);
  [[nodiscard]] Result<std::string> make(const std::string& control, const std::string& path);
  void fill(const std::string& directory, std::span<const std::int32_t> threads);
  void remove_leftovers();
  void note(const Error& error);

  const DirFd& root_;
  const DirFd& proc_;
  const std::chrono::nanoseconds interval_;
  TaskStats& stats_;
  ReadBuffer buffer_;
  std::map<std::string, Made> made_;  // By the cgroup's path.
};

}  // namespace plimsoll::exporter
