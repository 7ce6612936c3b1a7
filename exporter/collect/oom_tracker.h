// OOM kills of every group, told once: the kernel's counters (memory.events on v2,
// memory.oom_control on v1, the host's in /proc/vmstat) merged with the kernel's log.
//
// What comes out: the totals per group in the snapshot (Field::kMemoryEventsOomKill, with the
// descendants, on v1 as well), of groups that ended as long as their tombstones stand, and per
// workload for as long as we run; and the events of Snapshot::ooms. docs/decisions/0009 has the
// argument. Used from the sampler thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/read_file.h"
#include "cgroupfs/watch/kmsg.h"
#include "cgroupfs/watch/log_paths.h"
#include "cgroupfs/watch/oom_account.h"
#include "cgroupfs/watch/oom_log.h"
#include "exporter/collect/oom_stats.h"
#include "exporter/collect/oom_workloads.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// oom_kill of /proc/vmstat (Linux 4.13): every kill since boot. Pure.
[[nodiscard]] std::optional<std::uint64_t> parse_vmstat_oom_kill(std::string_view text);

class OomTracker {
 public:
  struct Options {
    std::string kernel_log = "/dev/kmsg";                     // "": only the counters.
    std::chrono::nanoseconds keep = std::chrono::minutes(5);  // How long an ended group is known.
  };
  // Who a group is that nobody saw alive; null when it is no container.
  using Identify = std::function<inventory::IdentityPtr(const std::string& path)>;

  // `proc` and `clock` must outlive it.
  OomTracker(const DirFd& proc, const Clock& clock, Options options, Identify identify);

  // Before the groups are read: true when somebody was killed of whom the log says nothing. Then
  // the counters of all groups are worth reading now.
  [[nodiscard]] bool unlogged_kills();
  // The group's last numbers: they are reckoned with at the next update.
  void removed(const std::string& path, const cgroupfs::CgroupSample& last);
  // What a row's group said last; rows as in the snapshot.
  using SampleOf = std::function<const cgroupfs::CgroupSample&(std::size_t row)>;
  // After the groups were read: drains the log, sets the totals in `snapshot`, adds the events.
  // `parents` as of parents_of(). Gives the rows whose counters are behind the log.
  std::vector<std::size_t> update(Snapshot& snapshot, std::span<const std::uint32_t> parents,
                                  const SampleOf& sample_of);

  // Of a group that ended; nothing when it had neither counter nor kill.
  [[nodiscard]] std::optional<std::uint64_t> total_of(std::string_view path) const;
  // Containers of which only the log told since the last call, and when they were killed.
  [[nodiscard]] std::vector<std::pair<inventory::IdentityPtr, WallTime>> take_unseen();
  [[nodiscard]] OomStats stats() const;

 private:
  struct Group {  // Of a cgroup path, whichever cgroup has it.
    cgroupfs::OomAccount account;
    inventory::IdentityPtr identity;
    std::optional<std::uint64_t> local;  // v1: its own kills, as of the last update.
    std::uint64_t removed_below = 0;     // v1: of descendants that are gone, which no file has now.
    std::optional<std::uint64_t> last_counter;  // Removed since the last update.
    bool live = false;
  };
  struct Update;

  void follow_rows(Update& update);
  void read_log(Update& update);
  void on_kill(Update& update, cgroupfs::LoggedKill kill);
  [[nodiscard]] bool is_our_container(std::string_view path);
  void settle_removed(Update& update);
  void take_counters(const Update& update);
  void add_up_v1(const Update& update);
  void reckon(Update& update);
  void report(Update& update, std::string_view path, const inventory::Identity* container,
              std::uint64_t kills);
  void forget(MonoTime now);
  [[nodiscard]] Group* find(std::string_view path);
  // The container that the group is or is in, as far as it is known.
  [[nodiscard]] inventory::IdentityPtr container_of(std::string_view path);
  bool log_to_groups(std::string_view path, MonoTime now);
  void meet_unseen(Update& update, std::string_view path, WallTime at);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  const DirFd& proc_;
  const Clock& clock_;
  const Options options_;
  const Identify identify_;
  const MonoTime started_;
  cgroupfs::KernelLog log_;
  cgroupfs::OomLines lines_;
  cgroupfs::LogPaths paths_;
  cgroupfs::OomAccount::Log log_state_ = cgroupfs::OomAccount::Log::kUpToDate;
  ReadBuffer buffer_;

  std::unordered_map<std::string, Group, Hash, std::equal_to<>> groups_;  // By path.
  std::vector<Group*> by_row_;
  std::vector<std::uint64_t> serials_;  // Of the rows that by_row_ is for.
  std::vector<std::string> removed_;    // Since the last update.
  std::deque<std::pair<MonoTime, std::string>> ended_;
  std::vector<std::pair<inventory::IdentityPtr, WallTime>> unseen_;
  // By row: what the kernel counts with the descendants (v2: read; v1: added up).
  std::vector<std::optional<std::uint64_t>> read_, counters_;
  std::vector<std::uint64_t> unlogged_;
  bool first_ = true;  // Nothing is news at the first update.

  std::optional<std::uint64_t> host_;        // Kills on the whole host, as read last ...
  std::optional<std::uint64_t> host_start_;  // ... and at the start.
  std::uint64_t logged_ = 0;                 // In the log since the start.
  std::uint64_t unlogged_seen_ = 0;

  OomWorkloads workloads_;
};

}  // namespace plimsoll::exporter
