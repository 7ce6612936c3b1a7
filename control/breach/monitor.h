// Watches every group of the host and tells of breaches: the kernel's notifications and log first,
// samples once a second for what the kernel does not tell, and ever more rarely while nothing that
// can meet a limit runs (decision 0052). An OOM kill is told once, whether the log, the counter or
// both have it, also when its group is gone by then (decision 0023).
//
// One thread calls step() or run(); the ring and the reports may be read from any, and wake()
// called.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/read_file.h"
#include "cgroupfs/read/reader.h"
#include "cgroupfs/tree/tree.h"
#include "cgroupfs/watch/kmsg.h"
#include "cgroupfs/watch/log_paths.h"
#include "cgroupfs/watch/oom_account.h"
#include "cgroupfs/watch/oom_dump.h"
#include "cgroupfs/watch/watcher.h"
#include "control/breach/coalesce.h"
#include "control/breach/curve.h"
#include "control/breach/judge.h"
#include "control/breach/pace.h"
#include "control/breach/report.h"
#include "control/breach/ring.h"
#include "control/usage/usage_book.h"
#include "inventory/inventory.h"

namespace plimsoll::control {

struct MonitorOptions {
  std::string kernel_log = "/dev/kmsg";  // "": none, then counters tell of kills.
  std::chrono::nanoseconds tick = std::chrono::seconds(1);
  // Between two ticks, while no container and no group with a limit ran and the kernel told
  // nothing.
  std::chrono::nanoseconds longest_rest = std::chrono::seconds(8);
  // Groups near a limit are looked at this often ...
  std::chrono::nanoseconds fast_tick = std::chrono::milliseconds(100);
  std::size_t max_fast = 64;  // ... but not more of them.
  // Limits of a group of which no write was told are read again; where every directory has a watch
  // (all writes are told) five times as rarely.
  std::chrono::nanoseconds limits_every = std::chrono::seconds(120);
  cgroupfs::TreeOptions tree;
  cgroupfs::WatchOptions watch;
  JudgeOptions judge;
  CoalesceOptions coalesce;
  inventory::InventoryOptions inventory;
  // Descriptors of files held open between samples; each pins 4.3 KiB in the kernel.
  std::size_t max_held = 2048;
  UsageBook* usage = nullptr;  // Told what every group uses; outlives the monitor.
};

struct MonitorStats {
  std::size_t groups = 0;
  std::uint64_t published = 0;
  std::uint64_t merged = 0;  // Told together with others.
  std::uint64_t samples = 0;
  cgroupfs::WatcherStats watcher;
  cgroupfs::KernelLogStats log;
  std::map<BreachKind, std::uint64_t> by_kind;  // Counts, merged ones included.
};

class Monitor {
 public:
  // `layout`, `proc`, `clock`, `ring` and `reports` must outlive the monitor. What is in the
  // kernel's log already is the past and not told.
  [[nodiscard]] static Result<std::unique_ptr<Monitor>> create(const cgroupfs::Layout& layout,
                                                               const DirFd& proc,
                                                               const Clock& clock, BreachRing& ring,
                                                               ReportStore& reports,
                                                               MonitorOptions options);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // Waits for the kernel until `most` at the longest, then does what is due.
  void step(std::chrono::milliseconds most);
  void run(const std::stop_token& stop);
  // Any thread: step() returns soon.
  void wake() const { watcher_->wake(); }
  // Until something is due: for how long step() would wait.
  [[nodiscard]] std::chrono::milliseconds rest() const;
  // Tells what was held back: the end.
  void flush();
  [[nodiscard]] MonitorStats stats() const;  // The same thread as step().

 private:
  struct Group;
  // A kill that the log told, waiting for the last line of its report.
  struct LoggedKill {
    cgroupfs::LoggedKill kill;
    std::optional<cgroupfs::OomDump> dump;
    std::string command_line;
    MonoTime until;
  };
  using Touched = std::vector<Group*>;

  Monitor(const cgroupfs::Layout& layout, const DirFd& proc, const Clock& clock, BreachRing& ring,
          ReportStore& reports, MonitorOptions options);

  // monitor.cc: groups come and go.
  void follow_tree();
  void join(const cgroupfs::Cgroup& cgroup);
  void end(std::unique_ptr<cgroupfs::Cgroup> cgroup);
  void settle_ended(MonoTime now);
  [[nodiscard]] Group* find(std::string_view path);
  [[nodiscard]] bool may_miss() const;
  void read_own_groups();

  // monitor_kernel.cc: what the kernel tells.
  void take_signals(const std::vector<cgroupfs::Signal>& signals);
  void take_other(const cgroupfs::Signal& signal, MonoTime now);
  void take_usage(Group& group, MonoTime now);
  void take_logged(cgroupfs::LoggedKill kill, MonoTime now);
  [[nodiscard]] bool is_our_container(std::string_view path);
  [[nodiscard]] bool may_be_ours(std::string_view logged);
  void take_oom(const Touched& signalled, MonoTime now);
  void take_stall(Group& group, cgroupfs::StallResource resource);
  void read_counters(Group& group, MonoTime now);
  void recheck(MonoTime now);
  void drain_log();
  void tell_logged_kills(MonoTime now);
  void tell_kill(LoggedKill logged, MonoTime now);
  void make_report_of(const BreachEvent& event, std::uint64_t id, LoggedKill logged, Group* group,
                      MonoTime now);
  [[nodiscard]] BoundBy bound_of(const cgroupfs::LoggedKill& kill, const BreachEvent& event);

  // monitor_sample.cc: what is sampled, and how an event gets its names.
  // Whether anything ran that can meet a limit.
  bool sample(MonoTime now);
  [[nodiscard]] static bool has_run(Group& group);
  void note_usage(const Group& group, MonoTime now);
  void sample_fast(MonoTime now);
  void look_at(Group& group, MonoTime now);
  void want_thresholds(Group& group);
  void arm_next();
  void remember_commands(Group& group, MonoTime now);
  void tell(BreachEvent event, Group* group, MonoTime now);
  std::uint64_t publish(BreachEvent event);
  [[nodiscard]] inventory::IdentityPtr identity_of(std::string_view path);
  void identify(Group& group);
  [[nodiscard]] std::string name_of_group(std::string_view path);
  [[nodiscard]] std::string command_line(std::int32_t pid);

  const cgroupfs::Layout& layout_;
  const DirFd& proc_;
  const Clock& clock_;
  BreachRing& ring_;
  ReportStore& reports_;
  const MonitorOptions options_;

  std::unique_ptr<cgroupfs::CgroupTree> tree_;
  std::unique_ptr<inventory::Inventory> inventory_;
  std::unique_ptr<cgroupfs::CgroupReader> reader_;
  std::optional<cgroupfs::Watcher> watcher_;
  cgroupfs::KernelLog log_;
  int log_fd_ = -1;  // The one that the watcher has.
  cgroupfs::OomLines lines_;
  cgroupfs::OomDumps dumps_;
  cgroupfs::LogPaths paths_;
  cgroupfs::OomAccount::Log log_state_ = cgroupfs::OomAccount::Log::kUpToDate;
  std::deque<LoggedKill> kills_;

  std::map<std::string, std::unique_ptr<Group>, std::less<>> groups_;  // Sorted: parents first.
  std::unordered_map<std::uint64_t, Group*> by_serial_;
  // Removed; kept for a minute, since the log may still tell of them.
  std::map<std::string, std::unique_ptr<Group>, std::less<>> ended_;
  std::vector<std::uint64_t> rechecks_;  // Serials of groups whose counters may still move.
  std::vector<std::uint64_t> fast_;
  std::deque<std::uint64_t> unarmed_;  // Whose thresholds are not what their limits ask for.
  std::vector<cgroupfs::ReadTarget> targets_;
  ReadBuffer buffer_;

  // Our own group runs whenever we look.
  std::unordered_set<std::string> own_groups_;

  Coalescer coalescer_;
  Pace pace_;
  MonoTime next_tick_, next_fast_;
  MonoTime next_settle_ = MonoTime::max();
  std::uint64_t ticks_ = 0;
  MonitorStats stats_;
};

}  // namespace plimsoll::control
