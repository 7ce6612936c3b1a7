// Performance events of containers and of the host, counted by the kernel: perf_event_open(2) with
// a cgroup, one counter per event, CPU and container. Nothing is opened without
// --perf_events_config.
//
// A counter costs a descriptor and, while a task of the container runs, a switch of the hardware's
// counters. When there are more events than hardware counters the kernel takes turns; values are
// scaled up by the share of the time in which they counted, which is the scaling ratio.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "cgroupfs/tree/tree.h"
#include "exporter/collect/group_stats.h"
#include "exporter/collect/group_values.h"
#include "exporter/collect/perf_config.h"

namespace plimsoll::exporter {

// What the kernel counted: read_format TOTAL_TIME_ENABLED | TOTAL_TIME_RUNNING.
struct PerfReading {
  std::uint64_t value = 0, enabled_ns = 0, running_ns = 0;
};

// The two system calls, so that machines without performance counters can test the rest.
class PerfKernel {
 public:
  virtual ~PerfKernel() = default;
  // `pid` is a cgroup's descriptor with PERF_FLAG_PID_CGROUP, or -1; `leader` -1 begins a group.
  [[nodiscard]] virtual Result<Fd> open(const perf_event_attr& attr, int pid, int cpu, int leader,
                                        unsigned long flags) = 0;
  [[nodiscard]] virtual Result<PerfReading> read(const Fd& counter) = 0;
};
[[nodiscard]] std::unique_ptr<PerfKernel> make_perf_kernel();

// An event with its code, ready to be opened.
struct ResolvedEvent {
  std::shared_ptr<const std::string> name;
  PerfCode code;
};
using ResolvedGroup = std::vector<ResolvedEvent>;
struct UncorePmu {
  std::shared_ptr<const std::string> name;  // "uncore_imc_0"
  std::vector<std::int32_t> cpus;           // One for each socket.
  std::vector<std::int64_t> sockets;        // Of these CPUs.
  ResolvedGroup events;
};
struct PerfPlan {
  std::vector<ResolvedGroup> core;
  std::vector<UncorePmu> uncore;
  std::vector<std::int32_t> cpus;  // Online.
  std::size_t max_counters = 0;
};
// Finds every event: the kernel's generic names, custom codes, and the PMUs of `sys`
// (bus/event_source/devices). kInvalidInput names the event that this machine does not have.
[[nodiscard]] Result<PerfPlan> plan_perf(const PerfConfig& config, const DirFd& sys);

class PerfCollector {
 public:
  PerfCollector(PerfPlan plan, std::unique_ptr<PerfKernel> kernel);

  struct Target {
    std::uint64_t serial = 0;
    const cgroupfs::Cgroup* cgroup = nullptr;
  };
  // Opens what is missing, closes what is not among the targets, reads all. `hierarchy` is where
  // the kernel looks for perf_event: v1's controller, else the cgroup2 mount.
  void collect(std::span<const Target> targets, const cgroupfs::Layout& layout);
  // Per CPU (`per_cpu`) or summed: the sum of values and the least of ratios, as cAdvisor.
  [[nodiscard]] std::vector<PerfCount> counts(std::uint64_t serial, bool per_cpu) const;
  [[nodiscard]] const std::vector<UncoreCount>& uncore() const { return uncore_counts_; }
  [[nodiscard]] PerfStats stats() const { return stats_; }

 private:
  struct Counter {
    Fd fd;
    std::size_t event = 0;  // Index over all core events.
    std::int32_t cpu = 0;
    std::optional<PerfReading> last;
  };
  struct Uncore {
    Fd fd;
    const ResolvedEvent* event = nullptr;
    const UncorePmu* pmu = nullptr;
    std::int64_t socket = 0;
  };
  void open_uncore();
  [[nodiscard]] Result<std::vector<Counter>> open_counters(const DirFd& cgroup);
  void read_uncore();
  void refuse(const Error& error);

  const PerfPlan plan_;
  std::unique_ptr<PerfKernel> kernel_;
  std::vector<const ResolvedEvent*> events_;  // All of plan_.core, in order.
  std::map<std::uint64_t, std::vector<Counter>> open_;
  std::vector<Uncore> uncore_;
  std::vector<UncoreCount> uncore_counts_;
  PerfStats stats_;
};

}  // namespace plimsoll::exporter
