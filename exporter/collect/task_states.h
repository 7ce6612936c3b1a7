// How many tasks of a cgroup run, sleep, wait.
//
// On cgroup v1 the kernel counts them itself, which taskstats' generic netlink family tells. But it
// compares whole states: who sleeps freezably (nanosleep, since Linux 6.1) or waits killably (NFS,
// page locks) is counted nowhere. So states are those of the threads, and only the tasks that wait
// for IO, which no thread shows, are the kernel's. Source: linux/cgroupstats.h,
// Documentation/accounting/cgroupstats.rst, cgroupstats_build() in kernel/cgroup/cgroup-v1.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace plimsoll::exporter {

struct TaskStates {
  std::uint64_t sleeping = 0, running = 0, stopped = 0, uninterruptible = 0;
  std::optional<std::uint64_t> io_wait;  // Only taskstats knows.
  bool operator==(const TaskStates&) const = default;
};

// Counts one letter of PROC/TID/stat. Zombies, dead and idle kernel threads are none of these.
void count_state(TaskStates& states, char letter);

// A netlink socket to the kernel's TASKSTATS family.
class CgroupStats {
 public:
  // kNotOffered: a kernel without CONFIG_TASKSTATS.
  [[nodiscard]] static Result<CgroupStats> open();
  // The tasks of the cgroup itself, whose directory (cgroup v1, opened for reading) this is.
  [[nodiscard]] Result<TaskStates> ask(const Fd& directory);

 private:
  CgroupStats(Fd socket, std::uint16_t family) : socket_(std::move(socket)), family_(family) {}
  Fd socket_;
  std::uint16_t family_;
  std::uint32_t sequence_ = 0;
};

// The number of the family in the kernel's answer to CTRL_CMD_GETFAMILY, and the counts in the
// answer to CGROUPSTATS_CMD_GET. Pure; kMalformed for bytes that are no such answer.
[[nodiscard]] Result<std::uint16_t> parse_family_answer(std::string_view message);
[[nodiscard]] Result<TaskStates> parse_cgroupstats_answer(std::string_view message);

}  // namespace plimsoll::exporter
