#include "exporter/collect/oom_tracker.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;
using cgroupfs::KernelLog;
using cgroupfs::KmsgRecord;
using cgroupfs::LoggedKill;
using cgroupfs::OomAccount;
using inventory::IdentityPtr;

constexpr std::uint32_t kNobody = ~std::uint32_t{0};  // kNoParent of headroom.h.

// "/a" above "/a/b", "/" above "/a", nothing above "/".
std::string_view above(std::string_view path) {
  if (path.size() <= 1) return {};
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash ? slash : 1);
}

bool is_container(const IdentityPtr& identity) {
  return identity && identity->is_container();
}

}  // namespace

std::optional<std::uint64_t> parse_vmstat_oom_kill(std::string_view text) {
  constexpr std::string_view kKey = "oom_kill ";
  std::string_view line;
  while (next_line(text, line))
    if (line.starts_with(kKey)) return to_number<std::uint64_t>(line.substr(kKey.size()));
  return std::nullopt;
}

struct OomTracker::Update {
  Snapshot& snapshot;
  std::span<const std::uint32_t> parents;
  const SampleOf& sample_of;
  MonoTime now;
  bool new_rows = false;
};

OomTracker::OomTracker(const DirFd& proc, const Clock& clock, Options options, Identify identify)
    : proc_(proc),
      clock_(clock),
      options_(std::move(options)),
      identify_(std::move(identify)),
      started_(clock.now()),
      log_(options_.kernel_log),
      paths_(cgroupfs::cgroup_view(proc)) {}

OomTracker::Group* OomTracker::find(std::string_view path) {
  const auto group = groups_.find(path);
  return group == groups_.end() ? nullptr : &group->second;
}

IdentityPtr OomTracker::container_of(std::string_view path) {
  for (; !path.empty(); path = above(path))
    if (const Group* group = find(path); group != nullptr && is_container(group->identity))
      return group->identity;
  return nullptr;
}

bool OomTracker::unlogged_kills() {
  // The log was drained after host_ was read: it has every one of those kills that it will ever
  // have.
  const bool logging = log_.stats().readable && log_state_ == OomAccount::Log::kUpToDate;
  bool found = false;
  if (host_ && logging) {
    const std::uint64_t since_start = *host_ - *host_start_;
    const std::uint64_t unlogged = since_start - std::min(since_start, logged_);
    found = unlogged > unlogged_seen_;
    unlogged_seen_ = std::max(unlogged, unlogged_seen_);
  }
  const Result<std::string_view> text = buffer_.read_at(proc_, "vmstat");
  const auto host = text ? parse_vmstat_oom_kill(*text) : std::nullopt;
  if (host && host_ && !logging) found = found || *host > *host_;
  if (host && (!host_ || *host >= *host_)) host_ = host;
  if (!host_start_) host_start_ = host_;
  return found;
}

void OomTracker::removed(const std::string& path, const cgroupfs::CgroupSample& last) {
  Group* group = find(path);
  if (group == nullptr || !group->live) return;
  group->live = false;
  removed_.push_back(path);
  if (const auto hierarchical = last.value(Field::kMemoryEventsOomKill)) {
    group->last_counter = hierarchical;
    return;
  }
  if (group->account.has_counter() || last.value(Field::kMemoryEventsLocalOomKill))
    group->last_counter = group->account.counter();
  // What it had alone moves up to where it will be missed.
  const std::uint64_t before = std::exchange(group->local, std::nullopt).value_or(0);
  const std::uint64_t local =
      std::max(last.value(Field::kMemoryEventsLocalOomKill).value_or(0), before);
  if (group->last_counter) *group->last_counter += local - before;
  const std::uint64_t gone = local + std::exchange(group->removed_below, 0);
  if (gone == 0) return;
  for (std::string_view up = above(path); !up.empty(); up = above(up)) {
    Group* next = find(up);
    if (next == nullptr || !next->live) continue;
    next->removed_below += gone;
    return;
  }
}

void OomTracker::follow_rows(Update& update) {
  const std::vector<Row>& rows = update.snapshot.rows;
  const bool same =
      by_row_.size() == rows.size() && std::ranges::equal(rows, serials_, {}, &Row::serial);
  if (!same) {
    update.new_rows = true;
    by_row_.clear();
    serials_.clear();
    for (const Row& row : rows) {
      const std::string_view path = row.identity ? row.identity->cgroup : std::string_view();
      auto group = groups_.find(path);
      if (group == groups_.end()) group = groups_.try_emplace(std::string(path)).first;
      group->second.live = true;
      by_row_.push_back(&group->second);
      serials_.push_back(row.serial);
    }
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (by_row_[row]->identity == rows[row].identity) continue;
    by_row_[row]->identity = rows[row].identity;
    if (is_container(rows[row].identity) &&
        rows[row].identity->metadata != inventory::Metadata::kPending)
      workloads_.know(*rows[row].identity);
  }
}

std::vector<std::size_t> OomTracker::update(Snapshot& snapshot,
                                            std::span<const std::uint32_t> parents,
                                            const SampleOf& sample_of) {
  Update update{snapshot, parents, sample_of, clock_.now()};
  follow_rows(update);
  read_log(update);
  // Before the counters: a group may have come back under its name.
  settle_removed(update);
  take_counters(update);
  add_up_v1(update);
  reckon(update);
  std::vector<std::size_t> behind;
  // But the host's row: its counter is read every time.
  for (std::size_t row = host_ ? 1 : 0; row < by_row_.size(); ++row)
    if (by_row_[row]->account.open() > 0 && by_row_[row]->account.has_counter())
      behind.push_back(row);
  forget(update.now);
  snapshot.host_oom_kills = host_;
  snapshot.oom_workloads = workloads_.counts();
  first_ = false;
  return behind;
}

void OomTracker::read_log(Update& update) {
  const KernelLog::Drained drained = log_.drain(update.now, [&](const KmsgRecord& record) {
    if (const auto kill = lines_.feed(record)) on_kill(update, *kill);
  });
  log_state_ =
      drained == KernelLog::Drained::kPart ? OomAccount::Log::kBehind : OomAccount::Log::kUpToDate;
}

// Everybody whose total the kill belongs to. False when it was counted before.
bool OomTracker::log_to_groups(std::string_view path, MonoTime now) {
  std::optional<bool> is_new;
  for (; !path.empty(); path = above(path)) {
    Group* group = find(path);
    if (group == nullptr) continue;
    const bool counts = group->account.logged(now);
    if (!is_new) is_new = counts;
  }
  return is_new.value_or(true);
}

// A container that came and went between two ticks, or before we started: the runtime's record may
// still say who it was.
void OomTracker::meet_unseen(Update& update, std::string_view path, WallTime at) {
  if (update.snapshot.wall - at >= options_.keep || !identify_) return;
  for (; !path.empty(); path = above(path)) {
    IdentityPtr identity = identify_(std::string(path));
    if (!is_container(identity)) continue;
    Group& group = groups_.try_emplace(std::string(path)).first->second;
    group.identity = identity;
    ended_.emplace_back(update.now, std::string(path));
    unseen_.emplace_back(std::move(identity), at);
    return;
  }
}

// By an id that is its runtime's, and below a group that there is in our tree.
bool OomTracker::is_our_container(std::string_view path) {
  constexpr std::size_t kUniqueId = 32;
  const auto is_one = [](const IdentityPtr& identity) {
    return is_container(identity) && identity->id.size() >= kUniqueId;
  };
  if (is_one(container_of(path))) return true;
  if (!identify_ || find(path.substr(0, path.find('/', 1))) == nullptr) return false;
  const IdentityPtr gone = identify_(std::string(path));
  return is_one(gone) && gone->metadata == inventory::Metadata::kComplete;
}

void OomTracker::on_kill(Update& update, LoggedKill kill) {
  const MonoTime when{std::chrono::microseconds(kill.usec)};
  const bool is_news = when >= started_;
  if (is_news) ++logged_;
  const auto is_ours = [this](std::string_view path) { return is_our_container(path); };
  const auto cgroup = paths_.ours(kill.cgroup, is_ours);
  if (!cgroup) {  // Only the machine's count, which is the root's, has it.
    (void)log_to_groups("/", update.now);
    return;
  }
  kill.cgroup = *cgroup;
  kill.limited = paths_.ours(kill.limited, is_ours).value_or("");
  const WallTime at = update.snapshot.wall - std::max(update.now - when, MonoTime::duration(0));
  if (!find(kill.cgroup) && !container_of(kill.cgroup)) meet_unseen(update, kill.cgroup, at);
  if (!log_to_groups(kill.cgroup, update.now)) return;
  OomEvent event{.kind = OomKind::kKill,
                 .at = at,
                 .cgroup = kill.cgroup,
                 .limited = kill.limited,
                 .pid = kill.pid,
                 .process = kill.process,
                 .constraint = kill.constraint};
  if (kill.first && !kill.limited.empty()) {
    OomEvent& oom = update.snapshot.ooms.emplace_back(event);
    oom.kind = OomKind::kOom;
    oom.cgroup = kill.limited;
  }
  update.snapshot.ooms.push_back(std::move(event));
  if (const IdentityPtr container = container_of(kill.cgroup); container && is_news)
    workloads_.add(*container, 1);
}

void OomTracker::settle_removed(Update& update) {
  for (std::string& path : removed_) {
    Group* group = find(path);
    if (group == nullptr) continue;
    if (const auto last = std::exchange(group->last_counter, std::nullopt)) {
      const std::uint64_t unlogged = group->account.counted(*last, log_state_);
      if (unlogged > 0) report(update, path, container_of(path).get(), unlogged);
    }
    group->account.ended();
    ended_.emplace_back(update.now, std::move(path));
  }
  removed_.clear();
}

// Of the rows that were read again: the snapshot's own column holds totals.
void OomTracker::take_counters(const Update& update) {
  if (update.new_rows) read_.assign(by_row_.size(), std::nullopt);
  for (std::size_t row = 0; row < by_row_.size(); ++row) {
    if (!update.new_rows && update.snapshot.changed[row] != update.snapshot.sequence) continue;
    const cgroupfs::CgroupSample& sample = update.sample_of(row);
    read_[row] = sample.value(Field::kMemoryEventsOomKill);
    if (read_[row]) continue;
    const auto local = sample.value(Field::kMemoryEventsLocalOomKill);
    if (local) by_row_[row]->local = std::max(by_row_[row]->local.value_or(0), *local);
  }
}

// v1 counts each group's own kills only: bottom up, children stand behind their parents.
void OomTracker::add_up_v1(const Update& update) {
  counters_ = read_;
  for (std::size_t row = by_row_.size(); row-- > 0;) {
    if (read_[row]) continue;
    const Group& group = *by_row_[row];
    if (group.local || group.removed_below > 0)
      counters_[row] = counters_[row].value_or(0) + group.local.value_or(0) + group.removed_below;
    const std::uint32_t parent = update.parents[row];
    if (counters_[row] && parent != kNobody && !read_[parent])
      counters_[parent] = counters_[parent].value_or(0) + *counters_[row];
  }
  if (host_ && !by_row_.empty() && update.snapshot.rows[0].identity &&
      update.snapshot.rows[0].identity->cgroup == "/")
    counters_[0] = host_;
}

void OomTracker::reckon(Update& update) {
  Snapshot& snapshot = update.snapshot;
  unlogged_.assign(by_row_.size(), 0);
  std::vector<std::size_t> moved;
  for (std::size_t row = 0; row < by_row_.size(); ++row) {
    Group& group = *by_row_[row];
    if (counters_[row]) {
      const std::uint64_t unlogged = group.account.counted(*counters_[row], log_state_);
      if (unlogged > 0 && !first_) {
        unlogged_[row] = unlogged;
        moved.push_back(row);
      }
    }
    group.account.settle(update.now);
    const std::uint64_t total = group.account.total();
    if (counters_[row] || total > 0)
      snapshot.set(Field::kMemoryEventsOomKill, row, total);
    else
      snapshot.unset(Field::kMemoryEventsOomKill, row);
  }
  // Each kill moved the counters of all groups above. A container speaks for itself and for what is
  // in it; elsewhere the lowest group does.
  for (const std::size_t row : moved) {
    const std::string& path = snapshot.rows[row].identity->cgroup;
    const bool is_one = is_container(snapshot.rows[row].identity);
    const IdentityPtr outer = container_of(above(path));
    const bool is_leaf = std::ranges::find(update.parents, row) == update.parents.end();
    if (outer || (!is_one && !is_leaf)) continue;
    report(update, path, is_one ? snapshot.rows[row].identity.get() : nullptr, unlogged_[row]);
  }
}

// The counter alone tells neither who was killed nor exactly when.
void OomTracker::report(Update& update, std::string_view path, const inventory::Identity* container,
                        std::uint64_t kills) {
  constexpr std::uint64_t kMostEvents = 100;  // A counter may jump when it is read after long.
  for (std::uint64_t i = 0; i < std::min(kills, kMostEvents); ++i)
    update.snapshot.ooms.push_back(
        {.kind = OomKind::kKill, .at = update.snapshot.wall, .cgroup = std::string(path)});
  if (container != nullptr) workloads_.add(*container, kills);
}

void OomTracker::forget(MonoTime now) {
  while (!ended_.empty() && now - ended_.front().first >= options_.keep) {
    const auto group = groups_.find(ended_.front().second);
    if (group != groups_.end() && !group->second.live) groups_.erase(group);
    ended_.pop_front();
  }
}

std::optional<std::uint64_t> OomTracker::total_of(std::string_view path) const {
  const auto group = groups_.find(path);
  if (group == groups_.end()) return std::nullopt;
  const OomAccount& account = group->second.account;
  if (account.total() == 0 && !account.was_counted()) return std::nullopt;
  return account.total();
}

std::vector<std::pair<IdentityPtr, WallTime>> OomTracker::take_unseen() {
  return std::exchange(unseen_, {});
}

OomStats OomTracker::stats() const {
  return {log_.stats(), lines_.malformed()};
}

}  // namespace plimsoll::exporter
