#include "control/breach/monitor.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/watch/counters.h"
#include "control/breach/watched_group.h"

namespace plimsoll::control {

using cgroupfs::GroupSet;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds kKeepEnded(60);
// The kernel tells of a removal by a worker of its own, soon after it.
constexpr milliseconds kRemovalTold(200);
// A group with triggers is removed late: the kernel waits 30 to 50 ms for their last reader. Of one
// that lives shorter than this there is nothing to tell that took a whole window.
constexpr milliseconds kLivesOn(800);

cgroupfs::ReaderOptions reader_options(const MonitorOptions& options) {
  cgroupfs::ReaderOptions reader;
  reader.groups = GroupSet()
                      .set(cgroupfs::Group::kAlways)
                      .set(cgroupfs::Group::kCpu)
                      .set(cgroupfs::Group::kMemory)
                      .set(cgroupfs::Group::kOomEvent)
                      .set(cgroupfs::Group::kPressure);
  reader.held_per_cgroup = 2;
  reader.max_held = options.max_held;
  return reader;
}

}  // namespace

Monitor::Monitor(const cgroupfs::Layout& layout, const DirFd& proc, const Clock& clock,
                 BreachRing& ring, ReportStore& reports, MonitorOptions options)
    : layout_(layout),
      proc_(proc),
      clock_(clock),
      ring_(ring),
      reports_(reports),
      options_(std::move(options)),
      log_(options_.kernel_log, cgroupfs::KernelLog::From::kNow),
      dumps_(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))),
      paths_(cgroupfs::cgroup_view(proc)),
      coalescer_(options_.coalesce),
      pace_(options_.tick, options_.longest_rest) {
  read_own_groups();
}

Monitor::~Monitor() = default;

Result<std::unique_ptr<Monitor>> Monitor::create(const cgroupfs::Layout& layout, const DirFd& proc,
                                                 const Clock& clock, BreachRing& ring,
                                                 ReportStore& reports, MonitorOptions options) {
  std::unique_ptr<Monitor> monitor(
      new Monitor(layout, proc, clock, ring, reports, std::move(options)));
  monitor->drain_log();  // Opens it at its end: before the first group is watched.
  monitor->watcher_.emplace(
      PLIMSOLL_TRY(cgroupfs::Watcher::create(layout, monitor->options_.watch)));
  monitor->tree_ =
      PLIMSOLL_TRY(cgroupfs::CgroupTree::create(layout, clock, monitor->options_.tree));
  monitor->inventory_ = inventory::Inventory::create(proc, clock, monitor->options_.inventory);
  monitor->reader_ = cgroupfs::make_text_reader(layout, clock, reader_options(monitor->options_));
  monitor->watcher_->set_tree(monitor->tree_->notification_fd());
  monitor->follow_tree();
  monitor->next_tick_ = clock.now();
  return monitor;
}

// Lines like "4:memory:/system.slice/plimsoll-engine.service".
void Monitor::read_own_groups() {
  const Result<std::string> text = read_file_at(proc_, "self/cgroup");
  if (!text) return;
  std::string_view rest = *text;
  for (std::string_view line; next_line(rest, line);) {
    const std::size_t controllers = line.find(':');
    const std::size_t path =
        controllers == std::string_view::npos ? controllers : line.find(':', controllers + 1);
    if (path != std::string_view::npos) own_groups_.emplace(line.substr(path + 1));
  }
}

Monitor::Group* Monitor::find(std::string_view path) {
  if (const auto at = groups_.find(path); at != groups_.end()) return at->second.get();
  if (const auto at = ended_.find(path); at != ended_.end()) return at->second.get();
  return nullptr;
}

void Monitor::join(const cgroupfs::Cgroup& cgroup) {
  auto group = std::make_unique<Group>(options_.judge);
  group->cgroup = &cgroup;
  group->container = inventory::classify(cgroup.path).is_container();
  group->own = own_groups_.contains(cgroup.path);
  // What was there before us is no group that comes and goes.
  const bool at_once = next_tick_ == MonoTime{};
  if (group->container && !at_once) group->stalls_at = clock_.now() + kLivesOn;
  watcher_->add(cgroup, group->container && at_once ? cgroupfs::Watcher::Stalls::kWatch
                                                    : cgroupfs::Watcher::Stalls::kNone);
  // From here on the log and the signals tell; what the counter has now is the past.
  const auto counters = cgroupfs::read_own_memory_counters(layout_, cgroup, buffer_);
  if (counters && counters->oom_kill)
    (void)group->account.counted(*counters->oom_kill, cgroupfs::OomAccount::Log::kUpToDate);
  if (counters) group->ooms = counters->oom;
  if (const auto forks = cgroupfs::read_refused_forks(layout_, cgroup, buffer_); forks)
    group->refused_forks = *forks;
  by_serial_[cgroup.serial] = group.get();
  groups_[cgroup.path] = std::move(group);
}

void Monitor::end(std::unique_ptr<cgroupfs::Cgroup> cgroup) {
  const auto serial = by_serial_.find(cgroup->serial);
  if (serial == by_serial_.end()) return;
  Group* gone = serial->second;
  by_serial_.erase(serial);
  if (gone->container && !gone->identity) gone->identity = inventory_->identify(*cgroup);
  inventory_->forget(cgroup->serial);
  if (options_.usage != nullptr) options_.usage->forget(cgroup->path);
  reader_->forget(cgroup->serial);
  std::unique_ptr<Group> group;
  const auto at = groups_.find(cgroup->path);
  if (at != groups_.end() && at->second.get() == gone) {
    group = std::move(at->second);
    groups_.erase(at);
  }
  if (!group) return watcher_->remove(cgroup->serial);
  group->ended_at = clock_.now();
  next_settle_ = std::min(next_settle_, group->ended_at + kRemovalTold);
  group->cgroup = cgroup.get();
  group->owned = std::move(cgroup);
  // The watcher keeps its descriptors until settle_ended(): what happened last is still in them.
  auto& kept = ended_[group->cgroup->path];
  if (kept) watcher_->remove(kept->cgroup->serial);
  by_serial_[group->cgroup->serial] = group.get();
  if (kept) by_serial_.erase(kept->cgroup->serial);
  kept = std::move(group);
}

void Monitor::settle_ended(MonoTime now) {
  next_settle_ = MonoTime::max();
  for (auto at = ended_.begin(); at != ended_.end();) {
    Group& group = *at->second;
    if (!group.settled && now - group.ended_at >= kRemovalTold) {
      group.settled = true;
      watcher_->remove(group.cgroup->serial);
      // One signal was the removal. A kill that the log told is no second event here.
      if (group.unresolved > 1 && group.account.total() == 0) {
        BreachEvent event;
        event.kind = BreachKind::kOom;
        event.source = BreachSource::kNotification;
        event.count = group.unresolved - 1;
        event.limit = "memory.max";
        tell(std::move(event), &group, now);
      }
      group.account.ended();
    }
    if (now - group.ended_at < kKeepEnded) {
      const std::chrono::nanoseconds time =
          group.settled ? std::chrono::nanoseconds(kKeepEnded) : kRemovalTold;
      next_settle_ = std::min(next_settle_, group.ended_at + time);
      ++at;
      continue;
    }
    by_serial_.erase(group.cgroup->serial);
    at = ended_.erase(at);
  }
}

void Monitor::follow_tree() {
  cgroupfs::TreeChanges changes = tree_->update();
  for (auto& removed : changes.removed) end(std::move(removed));
  for (const cgroupfs::Cgroup* added : changes.added) join(*added);
  for (const cgroupfs::Cgroup* changed : changes.changed) {
    const auto group = by_serial_.find(changed->serial);
    // It may have come to the memory controller, or to the cgroup2 mount, only now.
    if (group != by_serial_.end())
      watcher_->add(*changed, group->second->container && !group->second->stalls_at
                                  ? cgroupfs::Watcher::Stalls::kWatch
                                  : cgroupfs::Watcher::Stalls::kNone);
    if (group != by_serial_.end()) group->second->threshold_limit.reset();
  }
  for (const cgroupfs::Cgroup* written : changes.written)
    if (const auto group = by_serial_.find(written->serial); group != by_serial_.end())
      group->second->limits_due = true;
  stats_.groups = groups_.size();
}

milliseconds Monitor::rest() const {
  if (!unarmed_.empty()) return milliseconds(0);
  const MonoTime now = clock_.now();
  MonoTime until = std::min(next_tick_, next_settle_);
  if (!fast_.empty()) until = std::min(until, next_fast_);
  if (!kills_.empty()) until = std::min(until, kills_.front().until);
  for (const std::uint64_t serial : rechecks_)
    if (const auto group = by_serial_.find(serial); group != by_serial_.end())
      until = std::min(until, group->second->recheck_at);
  if (const auto told = coalescer_.next_due()) until = std::min(until, *told);
  // Rounded up: a wait that ends too early is another round for nothing.
  return std::max(std::chrono::ceil<milliseconds>(until - now), milliseconds(0));
}

// What nobody tells us of: then the ticks find it.
bool Monitor::may_miss() const {
  return tree_->notification_fd() < 0 || tree_->stats().watches_refused > 0 ||
         (log_.fd() >= 0 && !watcher_->watches_log());
}

void Monitor::step(milliseconds most) {
  if (log_fd_ != log_.fd()) watcher_->set_kernel_log(log_fd_ = log_.fd());
  const std::vector<cgroupfs::Signal> signals = watcher_->wait(std::min(rest(), most));
  take_signals(signals);
  const MonoTime now = clock_.now();
  // The kernel's log tells of the whole host's devices as well.
  if (std::ranges::any_of(signals, [](const cgroupfs::Signal& signal) {
        return signal.kind != cgroupfs::SignalKind::kKernelLog;
      })) {
    pace_.stir();
    next_tick_ = std::min(next_tick_, now + options_.tick);
  }
  recheck(now);
  tell_logged_kills(now);
  if (now >= next_tick_) {
    follow_tree();
    const bool ran = sample(now);
    drain_log();
    next_tick_ = now + pace_.next(ran || may_miss());
  }
  if (!fast_.empty() && now >= next_fast_) {
    sample_fast(now);
    next_fast_ = now + options_.fast_tick;
  }
  if (now >= next_settle_) settle_ended(now);
  for (BreachEvent& event : coalescer_.due(now)) publish(std::move(event));
  arm_next();
}

void Monitor::run(const std::stop_token& stop) {
  const std::stop_callback bell(stop, [this] { wake(); });
  while (!stop.stop_requested()) step(std::chrono::hours(1));
  flush();
}

void Monitor::flush() {
  for (LoggedKill& logged : std::exchange(kills_, {})) tell_kill(std::move(logged), clock_.now());
  for (BreachEvent& event : coalescer_.flush()) publish(std::move(event));
}

MonitorStats Monitor::stats() const {
  MonitorStats stats = stats_;
  stats.watcher = watcher_->stats();
  stats.log = log_.stats();
  stats.merged = coalescer_.merged();
  return stats;
}

}  // namespace plimsoll::control
