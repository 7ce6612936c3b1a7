// The collectors of groups that are off by default or need configuration, behind one door for the
// sampler. Those whose groups are off do not exist.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "exporter/collect/entry.h"
#include "exporter/collect/perf.h"
#include "exporter/collect/self.h"
#include "exporter/collect/task_collector.h"

namespace plimsoll::exporter {

struct GroupCollectorsSetup {
  cgroupfs::GroupSet groups;
  TaskOptions tasks;
  PerfConfig perf;
  std::chrono::nanoseconds resctrl_interval{0};
  std::chrono::nanoseconds perf_interval = std::chrono::seconds(10);
};

class GroupCollectors {
 public:
  // `layout` must outlive it. kInvalidInput names a performance event that this machine does not
  // have.
  [[nodiscard]] static Result<std::unique_ptr<GroupCollectors>> create(
      const HostRoots& roots, const cgroupfs::Layout& layout, const Clock& clock,
      const GroupCollectorsSetup& setup);

  // Who owns a network namespace must be known for tcp, udp and advtcp.
  [[nodiscard]] static bool needs_network(cgroupfs::GroupSet groups);

  // Once per tick: says what to look at and takes what was found into the entries' samples. Entries
  // that changed are marked with `sequence`, the next snapshot's.
  void collect(std::span<Entry* const> shown, MonoTime now, std::uint64_t sequence);
  // Appends the next row's repeated values to a snapshot being built.
  void fill(Snapshot& snapshot, const Entry& entry) const;
  // What belongs to no row.
  void fill_host(Snapshot& snapshot) const;
  void add_stats(SelfStats& stats) const;

 private:
  GroupCollectors(const cgroupfs::Layout& layout, const GroupCollectorsSetup& setup);
  void want(std::span<Entry* const> shown, MonoTime now);
  void take(std::span<Entry* const> shown, std::uint64_t sequence);
  void collect_perf(std::span<Entry* const> shown, MonoTime now, std::uint64_t sequence);
  [[nodiscard]] const TaskValues* found(std::uint64_t serial) const;

  const cgroupfs::Layout& layout_;
  const cgroupfs::GroupSet groups_;
  const std::chrono::nanoseconds perf_interval_;
  std::unique_ptr<TaskCollector> tasks_;
  std::unique_ptr<PerfCollector> perf_;
  std::vector<TaskTarget> wanted_;
  std::shared_ptr<const TaskResults> found_;
  MonoTime want_at_, perf_at_;
};

}  // namespace plimsoll::exporter
