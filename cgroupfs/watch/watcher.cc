#include "cgroupfs/watch/watcher.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>
#include <tuple>

#include "cgroupfs/tree/watches.h"

namespace plimsoll::cgroupfs {

namespace {

constexpr std::array kEventFiles = {"memory.events", "memory.events.local", "memory.swap.events",
                                    "pids.events", "pids.events.local"};
constexpr std::uint32_t kMask = IN_MODIFY | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;
constexpr int kSerialBits = 56;

std::uint64_t drain_counter(int fd) {
  std::uint64_t count = 0;
  return ::read(fd, &count, sizeof count) == static_cast<ssize_t>(sizeof count) ? count : 0;
}

}  // namespace

std::uint64_t Watcher::tag(Source source, std::uint64_t serial, StallResource resource) {
  const auto high = static_cast<std::uint64_t>(source) << 2 | static_cast<std::uint64_t>(resource);
  return high << kSerialBits | serial;
}

std::size_t Watcher::Group::descriptors() const {
  std::size_t count = 0;
  for (const Fd* fd : {&oom, &usage, &pressure, &stalls[0], &stalls[1], &stalls[2]})
    count += *fd ? 1U : 0U;
  return count;
}

bool Watcher::Group::has_stalls() const {
  return std::ranges::any_of(stalls, [](const Fd& fd) { return static_cast<bool>(fd); });
}

Result<Watcher> Watcher::create(const Layout& layout, WatchOptions options) {
  Watcher watcher(layout, std::move(options));
  watcher.epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!watcher.epoll_) return os_failure("epoll_create1", "");
  watcher.bell_ = PLIMSOLL_TRY(make_event_fd());
  PLIMSOLL_TRY(watcher.poll_on(watcher.bell_.get(), EPOLLIN, tag(Source::kBell, 0)));
  const auto memory = layout.of(Controller::kMemory);
  if (memory && layout.hierarchies[*memory].version == 1) {
    watcher.shared_ = PLIMSOLL_TRY(make_event_fd());
    PLIMSOLL_TRY(watcher.poll_on(watcher.shared_.get(), EPOLLIN, tag(Source::kShared, 0)));
  }
  if (layout.mode == Mode::kV2) {
    watcher.inotify_ = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!watcher.inotify_) return os_failure("inotify_init1", "fs.inotify.max_user_instances");
    PLIMSOLL_TRY(watcher.poll_on(watcher.inotify_.get(), EPOLLIN, tag(Source::kInotify, 0)));
  }
  return watcher;
}

Result<> Watcher::poll_on(int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return os_failure("epoll_ctl", "watch");
  return {};
}

void Watcher::refused(const Error& error) {
  // A group that was removed before it could be watched is the normal case under churn.
  if (error.kind == ErrorKind::kGone || error.kind == ErrorKind::kNotOffered) return;
  ++stats_.refused;
  stats_.last_refusal = error.message();
}

Result<Fd> Watcher::wish(const DirFd& dir, const char* file, std::string_view argument,
                         std::uint64_t tag) {
  Fd event = PLIMSOLL_TRY(make_event_fd());
  PLIMSOLL_TRY(register_event(dir, file, argument, event));
  PLIMSOLL_TRY(poll_on(event.get(), EPOLLIN, tag));
  return event;
}

void Watcher::watch_v1(Group& group, const DirFd& dir, std::uint64_t serial) {
  if (!has_room(2)) {
    if (const Result<> shared = register_event(dir, "memory.oom_control", "", shared_); !shared)
      return refused(shared.error());
    group.sharing = true;
    ++stats_.sharing;
    return;
  }
  Result<Fd> oom = wish(dir, "memory.oom_control", "", tag(Source::kOom, serial));
  if (oom)
    group.oom = *std::move(oom);
  else
    refused(oom.error());
  if (!options_.pressure_level) return;
  // "local": what happens below a group is told of there.
  Result<Fd> pressure =
      wish(dir, "memory.pressure_level", "critical,local", tag(Source::kPressure, serial));
  if (pressure)
    group.pressure = *std::move(pressure);
  else
    refused(pressure.error());
}

void Watcher::watch_v2(Group& group, const DirFd& dir, std::uint64_t serial) {
  if (by_watch_.size() >= options_.max_directories) {
    ++stats_.refused;
    return;
  }
  // inotify has no *at call; this is our own /proc, not the host's.
  const std::string path = "/proc/self/fd/" + std::to_string(dir.get()) + "/.";
  group.watch = ::inotify_add_watch(inotify_.get(), path.c_str(), kMask);
  if (group.watch < 0) return refused(os_failure("inotify_add_watch", path).error());
  by_watch_[group.watch] = serial;
  // kernfs_notify_workfn (fs/kernfs/file.c) tells of files whose inode somebody has looked up. One
  // that memory pressure evicts is looked up again by the owner's next sample.
  for (const char* events : kEventFiles) {
    struct stat ignored{};
    static_cast<void>(::fstatat(dir.get(), events, &ignored, 0));  // Not every group has each.
  }
}

void Watcher::watch_stalls(Group& group, const Cgroup& cgroup) {
  const auto unified = layout_.unified();
  if (!unified || !cgroup.in(*unified) || options_.stalls.empty() ||
      stats_.stall_groups >= options_.max_stall_groups || !has_room(options_.stalls.size()))
    return;
  const Result<DirFd> dir = open_cgroup(layout_, cgroup, *unified);
  if (!dir) return refused(dir.error());
  for (const StallTrigger& trigger : options_.stalls) {
    Result<Fd> fd = arm(*dir, trigger);
    const Result<> polled =
        fd ? poll_on(fd->get(), EPOLLPRI, tag(Source::kStall, cgroup.serial, trigger.resource))
           : std::unexpected(fd.error());
    if (polled)
      group.stalls[static_cast<std::size_t>(trigger.resource)] = *std::move(fd);
    else
      refused(polled.error());
  }
  group.stalls_counted = group.has_stalls();
  if (group.stalls_counted) ++stats_.stall_groups;
}

void Watcher::add(const Cgroup& cgroup, Stalls stalls) {
  remove(cgroup.serial);
  Group group;
  const auto memory = layout_.of(Controller::kMemory);
  const auto events = layout_.mode == Mode::kV2 ? layout_.unified() : memory;
  if (events && cgroup.in(*events)) {
    group.hierarchy = *events;
    const Result<DirFd> dir = open_cgroup(layout_, cgroup, *events);
    if (!dir)
      refused(dir.error());
    else if (layout_.hierarchies[*events].version == 2)
      watch_v2(group, *dir, cgroup.serial);
    else if (cgroup.path != "/")  // The root has no limit to meet.
      watch_v1(group, *dir, cgroup.serial);
  }
  if (stalls == Stalls::kWatch) watch_stalls(group, cgroup);
  stats_.descriptors += group.descriptors();
  groups_.emplace(cgroup.serial, std::move(group));
  stats_.groups = groups_.size();
  stats_.directories = by_watch_.size();
}

void Watcher::add_stalls(const Cgroup& cgroup) {
  const auto at = groups_.find(cgroup.serial);
  if (at == groups_.end() || at->second.has_stalls()) return;
  stats_.descriptors -= at->second.descriptors();
  watch_stalls(at->second, cgroup);
  stats_.descriptors += at->second.descriptors();
}

void Watcher::set_thresholds(const Cgroup& cgroup, std::span<const std::uint64_t> bytes) {
  const auto at = groups_.find(cgroup.serial);
  const auto memory = layout_.of(Controller::kMemory);
  if (at == groups_.end() || !memory || layout_.hierarchies[*memory].version != 1 ||
      at->second.sharing)
    return;
  Group& group = at->second;
  stats_.descriptors -= group.usage ? 1U : 0U;
  group.usage.reset();
  if (bytes.empty() || !cgroup.in(*memory)) return;
  if (!has_room(1)) {
    ++stats_.refused;
    return;
  }
  const Result<DirFd> dir = open_cgroup(layout_, cgroup, *memory);
  Result<Fd> usage = dir ? wish(*dir, "memory.usage_in_bytes", std::to_string(bytes[0]),
                                tag(Source::kUsage, cgroup.serial))
                         : std::unexpected(dir.error());
  for (const std::uint64_t more : bytes.subspan(1)) {
    if (!usage) break;
    const Result<> registered =
        register_event(*dir, "memory.usage_in_bytes", std::to_string(more), *usage);
    if (!registered) refused(registered.error());
  }
  if (!usage) return refused(usage.error());
  group.usage = *std::move(usage);
  ++stats_.descriptors;
}

void Watcher::remove(std::uint64_t serial) {
  const auto at = groups_.find(serial);
  if (at == groups_.end()) return;
  const Group& group = at->second;
  if (group.watch >= 0) {
    by_watch_.erase(group.watch);
    // On kernfs a watch outlives the directory; see tree/watches.h.
    ::inotify_rm_watch(inotify_.get(), group.watch);
  }
  if (group.sharing) --stats_.sharing;
  if (group.stalls_counted) --stats_.stall_groups;
  stats_.descriptors -= group.descriptors();
  groups_.erase(at);
  stats_.groups = groups_.size();
  stats_.directories = by_watch_.size();
}

bool Watcher::shares(std::uint64_t serial) const {
  const auto at = groups_.find(serial);
  return at != groups_.end() && at->second.sharing;
}

bool Watcher::watches_stalls(std::uint64_t serial) const {
  const auto at = groups_.find(serial);
  return at != groups_.end() && at->second.has_stalls();
}

void Watcher::set_kernel_log(int fd) {
  // A closed descriptor has left the epoll set by itself.
  if (log_ >= 0) (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, log_, nullptr);
  log_ = fd;
  if (fd < 0) return;
  // A plain file cannot be polled: whoever has one reads it now and then.
  if (const Result<> polled = poll_on(fd, EPOLLIN, tag(Source::kLog, 0)); !polled) log_ = -1;
}

void Watcher::set_tree(int fd) {
  if (fd < 0) return;
  if (const Result<> polled = poll_on(fd, EPOLLIN, tag(Source::kTree, 0)); !polled)
    refused(polled.error());
}

std::optional<SignalKind> Watcher::kind_of_file(std::string_view name) {
  if (name == "memory.events.local" || name == "memory.events" || name == "memory.swap.events")
    return SignalKind::kMemoryEvents;
  if (name == "pids.events" || name == "pids.events.local") return SignalKind::kPidsEvents;
  return std::nullopt;
}

void Watcher::take_inotify(std::vector<Signal>& signals) {
  alignas(inotify_event) std::array<char, 16384> buffer{};
  for (int reads = 0; reads < 64; ++reads) {
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    std::string_view rest(buffer.data(), static_cast<std::size_t>(got));
    while (const auto event = Watches::next(rest)) {
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        ++stats_.overflows;
        signals.push_back({.kind = SignalKind::kLost});
        continue;
      }
      const auto kind = kind_of_file(event->name);
      const auto group = by_watch_.find(event->watch);
      if (!kind || group == by_watch_.end()) continue;
      signals.push_back({.kind = *kind, .serial = group->second});
    }
  }
}

void Watcher::take(const epoll_event& event, std::vector<Signal>& signals) {
  const std::uint64_t high = event.data.u64 >> kSerialBits;
  const std::uint64_t serial = event.data.u64 & ((std::uint64_t{1} << kSerialBits) - 1);
  const auto resource = static_cast<StallResource>(high & 3);
  const auto source = static_cast<Source>(high >> 2);
  if (source == Source::kInotify) return take_inotify(signals);
  if (source == Source::kLog) return signals.push_back({.kind = SignalKind::kKernelLog});
  if (source == Source::kTree) return signals.push_back({.kind = SignalKind::kTree});
  if (source == Source::kBell) {
    (void)drain_counter(bell_.get());
    return;
  }
  if (source == Source::kShared) {
    const std::uint64_t count = drain_counter(shared_.get());
    if (count > 0) signals.push_back({.kind = SignalKind::kShared, .count = count});
    return;
  }
  const auto at = groups_.find(serial);
  if (at == groups_.end()) return;
  Group& group = at->second;
  if (source == Source::kStall) {
    Fd& fd = group.stalls[static_cast<std::size_t>(resource)];
    if ((event.events & EPOLLERR) == 0)
      return signals.push_back(
          {.kind = SignalKind::kStall, .serial = serial, .resource = resource});
    // The group is gone: the descriptor would be ready for ever.
    if (fd) --stats_.descriptors;
    fd.reset();
    return;
  }
  const bool oom = source == Source::kOom;
  const std::uint64_t count = drain_counter((oom                        ? group.oom
                                             : source == Source::kUsage ? group.usage
                                                                        : group.pressure)
                                                .get());
  if (count == 0) return;
  const SignalKind kind = oom                        ? SignalKind::kOom
                          : source == Source::kUsage ? SignalKind::kMemoryUsage
                                                     : SignalKind::kMemoryPressure;
  signals.push_back({.kind = kind, .serial = serial, .count = count});
}

void Watcher::wake() const {
  const std::uint64_t one = 1;
  // Full only when it rings already.
  std::ignore = ::write(bell_.get(), &one, sizeof one);
}

std::vector<Signal> Watcher::wait(std::chrono::milliseconds timeout) {
  std::vector<Signal> signals;
  std::array<epoll_event, 256> events{};
  int wait_for = static_cast<int>(timeout.count());
  for (int rounds = 0; rounds < 16; ++rounds) {
    const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), wait_for);
    if (ready <= 0) break;  // Nothing, or EINTR: the caller comes again.
    for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(ready)))
      take(event, signals);
    // The log stays readable until its owner reads it.
    if (static_cast<std::size_t>(ready) < events.size()) break;
    wait_for = 0;
  }
  const auto last = [](const Signal& signal) { return signal.kind >= SignalKind::kShared; };
  std::ranges::stable_sort(signals, [&](const Signal& a, const Signal& b) {
    return last(a) != last(b) ? last(b) : last(a) && a.kind < b.kind;
  });
  // v2 tells of one event in several files. What an eventfd held is never left out: it counts.
  const auto [begin, end] = std::ranges::unique(signals, [](const Signal& a, const Signal& b) {
    return a == b && a.kind >= SignalKind::kMemoryEvents && a.kind != SignalKind::kShared;
  });
  signals.erase(begin, end);
  stats_.signals += signals.size();
  return signals;
}

}  // namespace plimsoll::cgroupfs
