// Everything by which the kernel tells that a group met a limit, behind one descriptor.
//
// v1: an eventfd per group for memory.oom_control, one for memory.usage_in_bytes with any number of
// thresholds, one for memory.pressure_level. v2: one inotify watch per group directory, which tells
// of memory.events(.local), memory.swap.events and pids.events by name. Both: PSI triggers, on a v1
// host in the cgroup2 mount beside it if the group is there too. And the kernel's log.
//
// A signal says where to look, not what happened: counters and samples say that. Groups beyond the
// budget of descriptors share one eventfd: it tells that one of them was meant. No thread of its
// own, not thread-safe; nothing but wait() waits.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/tree/tree.h"
#include "cgroupfs/watch/register.h"

namespace plimsoll::cgroupfs {

struct WatchOptions {
  // Eventfds and PSI triggers together. inotify watches are no descriptors.
  std::size_t max_descriptors = 8192;
  std::size_t max_directories = 100'000;  // inotify watches.
  // Armed in every group that is asked for; none: no trigger. With CAP_SYS_RESOURCE the kernel runs
  // a thread per group for a trigger, whatever its window: fewer groups then.
  std::vector<StallTrigger> stalls = {
      {StallResource::kCpu, std::chrono::seconds(1), std::chrono::seconds(2)},
      {StallResource::kMemory, std::chrono::milliseconds(200), std::chrono::seconds(2)},
      {StallResource::kIo, std::chrono::milliseconds(400), std::chrono::seconds(2)}};
  std::size_t max_stall_groups = 1024;
  bool pressure_level = true;  // v1 memory.pressure_level, "critical".
};

enum class SignalKind : std::uint8_t {
  kOom,             // v1: the group, or one above it, was out of memory; or the group was removed.
  kMemoryUsage,     // v1: one of the thresholds was crossed, upwards or downwards; or as above.
  kMemoryPressure,  // v1: reclaim hardly finds anything; or as above.
  kMemoryEvents,    // v2: a counter of memory.events or memory.swap.events moved.
  kPidsEvents,      // v2: a fork was refused.
  kStall,           // PSI: `resource` stood still for longer than the trigger says.
  kShared,          // One of the groups that share an eventfd (shares()): any v1 signal.
  kLost,            // inotify's queue ran over: any group, any v2 signal.
  kKernelLog,       // There is something to read.
  kTree             // Groups came or went.
};

struct Signal {
  SignalKind kind = SignalKind::kOom;
  std::uint64_t serial = 0;  // Cgroup::serial; 0 for kShared and those after it.
  std::uint64_t count = 1;   // What the eventfd held: a removal adds one for each wish.
  StallResource resource = StallResource::kMemory;  // kStall only.
  bool operator==(const Signal&) const = default;
};

struct WatcherStats {
  std::size_t groups = 0;
  std::size_t descriptors = 0;
  std::size_t directories = 0;
  std::size_t stall_groups = 0;
  std::size_t sharing = 0;    // Groups on the shared eventfd.
  std::uint64_t refused = 0;  // Wishes that the kernel or a budget refused, since the start.
  std::uint64_t signals = 0;
  std::uint64_t overflows = 0;
  std::string last_refusal;
};

class Watcher {
 public:
  // `layout` must outlive the watcher.
  [[nodiscard]] static Result<Watcher> create(const Layout& layout, WatchOptions options);

  // epoll: readable when wait() has something.
  [[nodiscard]] int fd() const { return epoll_.get(); }

  enum class Stalls : std::uint8_t { kNone, kWatch };
  // A group that is gone already is watched by nothing, which is no failure: see stats().
  void add(const Cgroup& cgroup, Stalls stalls);
  // Arms the triggers of one that was added without.
  void add_stalls(const Cgroup& cgroup);
  // v1: replaces the group's thresholds; empty: none. Elsewhere without effect.
  void set_thresholds(const Cgroup& cgroup, std::span<const std::uint64_t> bytes);
  void remove(std::uint64_t serial);
  [[nodiscard]] bool shares(std::uint64_t serial) const;
  // Is a trigger armed for it?
  [[nodiscard]] bool watches_stalls(std::uint64_t serial) const;
  // The descriptor of the kernel's log (KernelLog::fd()); -1 for none. It is not owned. To be given
  // again when the log was opened anew.
  void set_kernel_log(int fd);
  // False where the log cannot be polled, as a plain file: somebody has to look.
  [[nodiscard]] bool watches_log() const { return log_ >= 0; }

  // CgroupTree::notification_fd(); -1 for none. Not owned. Once, since it never changes.
  void set_tree(int fd);

  // Waits for the first signal until `timeout` at most, then takes all that are there. kShared
  // and the kinds after it come last, and once.
  [[nodiscard]] std::vector<Signal> wait(std::chrono::milliseconds timeout);
  // Any thread: a wait() that waits, or the next one, returns, perhaps with nothing.
  void wake() const;
  [[nodiscard]] const WatcherStats& stats() const { return stats_; }

  // One inotify event about an entry of a group's directory. Pure.
  [[nodiscard]] static std::optional<SignalKind> kind_of_file(std::string_view name);

 private:
  enum class Source : std::uint8_t {
    kOom,
    kUsage,
    kPressure,
    kStall,
    kShared,
    kInotify,
    kLog,
    kTree,
    kBell
  };
  // What epoll gives back: a source, for kStall the resource, and the group.
  [[nodiscard]] static std::uint64_t tag(Source source, std::uint64_t serial,
                                         StallResource resource = StallResource::kCpu);
  struct Group {
    std::size_t hierarchy = 0;
    Fd oom, usage, pressure;
    std::array<Fd, 3> stalls;  // By resource.
    int watch = -1;
    bool sharing = false;
    bool stalls_counted = false;  // In WatcherStats::stall_groups.
    [[nodiscard]] bool has_stalls() const;
    [[nodiscard]] std::size_t descriptors() const;
  };

  Watcher(const Layout& layout, WatchOptions options)
      : layout_(layout), options_(std::move(options)) {}
  void watch_v1(Group& group, const DirFd& dir, std::uint64_t serial);
  void watch_v2(Group& group, const DirFd& dir, std::uint64_t serial);
  void watch_stalls(Group& group, const Cgroup& cgroup);
  [[nodiscard]] Result<Fd> wish(const DirFd& dir, const char* file, std::string_view argument,
                                std::uint64_t tag);
  [[nodiscard]] Result<> poll_on(int fd, std::uint32_t events, std::uint64_t tag);
  void refused(const Error& error);
  [[nodiscard]] bool has_room(std::size_t descriptors) const {
    return stats_.descriptors + descriptors <= options_.max_descriptors;
  }
  void take(const epoll_event& event, std::vector<Signal>& signals);
  void take_inotify(std::vector<Signal>& signals);

  const Layout& layout_;
  WatchOptions options_;
  Fd epoll_, inotify_, shared_, bell_;
  int log_ = -1;
  std::unordered_map<std::uint64_t, Group> groups_;  // By serial.
  std::unordered_map<int, std::uint64_t> by_watch_;
  WatcherStats stats_;
};

}  // namespace plimsoll::cgroupfs
