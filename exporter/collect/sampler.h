// One tick: what changed in the tree, who the groups are, their numbers, network and disk: an
// immutable Snapshot.
//
// Sampler is the synchronous core, used from one thread (SamplerLoop's, or a command that samples
// by itself). It owns the tree, reader, inventory and collectors. Everything it reads comes from
// the roots in its configuration.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/read/reader.h"
#include "cgroupfs/tree/tree.h"
#include "exporter/collect/filesystem.h"
#include "exporter/collect/history.h"
#include "exporter/collect/network.h"
#include "exporter/collect/perf_config.h"
#include "exporter/collect/scope.h"
#include "exporter/collect/self.h"
#include "exporter/collect/snapshot.h"
#include "exporter/collect/task_options.h"
#include "exporter/collect/usage_histograms.h"
#include "inventory/inventory.h"

namespace plimsoll::exporter {

// The text inside the braces for one identity; counts label names that collide.
using RenderLabels =
    std::function<std::string(const inventory::Identity&, std::uint64_t& collisions)>;

struct SamplerConfig {
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string nominal_cgroup_root = "/sys/fs/cgroup";  // What mountinfo calls it.
  std::string proc_root = "/proc";
  std::string sys_root = "/sys";
  std::string kernel_log;  // "/dev/kmsg"; "": OOM kills are known from the counters alone.
  std::string host_root;   // "" natively, "/host" when the host's root is mounted there.

  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  std::chrono::nanoseconds warm_interval = std::chrono::seconds(10);
  // Limits are read when somebody wrote them; the slow interval only verifies. Where the tree could
  // not watch every directory, or a group is on whose slow files move by themselves (hugetlb, NUMA,
  // processes), it is the shorter one.
  std::chrono::nanoseconds slow_interval = std::chrono::seconds(60);
  std::chrono::nanoseconds slow_interval_unwatched = std::chrono::seconds(15);
  // A group that looks idle is read in full this often all the same. (Blocked tasks stall without
  // using CPU.)
  std::chrono::nanoseconds idle_refresh = std::chrono::seconds(30);
  std::chrono::nanoseconds machine_interval = std::chrono::minutes(5);
  std::chrono::nanoseconds tombstone = std::chrono::minutes(5);

  Scope scope;                 // Which cgroups get a row.
  MachineFiles machine_files;  // Where the machine's identity stands.

  cgroupfs::ReaderOptions reader;  // reader.groups: which metric groups are on.
  cgroupfs::TreeOptions tree;
  inventory::InventoryOptions inventory;
  FilesystemOptions filesystem;
  HistoryOptions history;
  // Groups that are off by default, or need configuration: nothing of it runs while they are off.
  TaskOptions tasks;
  PerfConfig perf;
  // cAdvisor's --resctrl_interval: monitoring groups of our own are kept up to date this often; 0
  // makes none and only reads what is there.
  std::chrono::nanoseconds resctrl_interval{0};
  bool keep_history = true;
  bool keep_histograms = false;  // Of each container's CPU and memory (--metrics.histograms).
  RenderLabels render_labels;    // Required.
  inventory::Ask ask;            // May be empty: no socket is ever asked.
};

// How complete a tick must be.
enum class Freshness : std::uint8_t {
  kTick,    // The regular tick: due tiers, idle groups skipped.
  kScrape,  // Somebody waits for it: hot values of every group are read now, warm ones of those
            // that ran since they were last read.
  kFull     // Every tier of every group.
};

class Sampler {
 public:
  // Fails when there is no cgroup tree to read. `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Sampler>> create(SamplerConfig config,
                                                               const Clock& clock);
  virtual ~Sampler() = default;

  [[nodiscard]] virtual SnapshotPtr sample(Freshness freshness) = 0;
  // Between two ticks: only the hot files of these groups (by Cgroup::serial; unknown ones are
  // fine) are read, all else is as it was. Not for remember().
  [[nodiscard]] virtual SnapshotPtr sample_watched(std::span<const std::uint64_t> serials) = 0;
  // From the next sample() on, what kTick reads of these groups (by Cgroup::serial) are the hot and
  // the warm files, if they ran: somebody watches all their values live. Until the next call.
  virtual void follow(std::span<const std::uint64_t> serials) = 0;
  // Appends the snapshot to the history: once per interval, not for ticks made in between.
  virtual void remember(const Snapshot& snapshot) = 0;
  // The answer to a question that config.ask was given. Call it from the sampling thread.
  virtual void answer(const inventory::Question& question, const Result<std::string>& body) = 0;
  [[nodiscard]] virtual SelfStats stats() const = 0;
  [[nodiscard]] virtual const cgroupfs::Layout& layout() const = 0;
  [[nodiscard]] virtual const DirFd& proc() const = 0;
  // Safe from any thread.
  [[nodiscard]] virtual const History* history() const = 0;
  // Null without config.keep_histograms. Safe from any thread.
  [[nodiscard]] virtual const UsageHistograms* histograms() const = 0;
};

}  // namespace plimsoll::exporter
