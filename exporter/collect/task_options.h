// How the groups sched, process, referenced_memory, tcp, udp, advtcp and cpuLoad are read.
#pragma once

#include <chrono>
#include <cstdint>

namespace plimsoll::exporter {

struct TaskOptions {
  // A cgroup's processes are looked at this often ...
  std::chrono::nanoseconds interval = std::chrono::seconds(10);
  // ... and the states of its tasks this often, since they are averaged over ten seconds.
  std::chrono::nanoseconds load_interval = std::chrono::seconds(1);
  // cAdvisor's --enable_load_reader.
  bool load_reader = false;
  // cAdvisor's --referenced_reset_interval: after so many readings of a cgroup the kernel is told
  // to forget which pages were used. 0: never. Anything else writes PROC/PID/clear_refs.
  std::uint64_t referenced_reset = 0;
  // The worker rests so many times as long as it worked: 19 is 5 % of one CPU at most, whatever the
  // number of processes. What does not fit is read more rarely.
  int rest_factor = 19;
};

}  // namespace plimsoll::exporter
