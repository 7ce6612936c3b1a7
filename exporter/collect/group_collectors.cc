#include "exporter/collect/group_collectors.h"

#include <utility>

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;
using cgroupfs::Group;

// New containers, and processes that took the place of others, are noticed this late.
constexpr std::chrono::seconds kLookAround{2};

bool is_host(const Entry& entry) {
  return entry.identity->runtime == inventory::Runtime::kRoot;
}

// What was not found becomes absent.
void set_tasks(cgroupfs::CgroupSample& sample, const TaskValues& values) {
  const auto set = [&](Field field, const std::optional<std::uint64_t>& value) {
    if (value)
      sample.set(field, *value);
    else
      sample.unset(field);
  };
  set(Field::kFileDescriptors, values.files.descriptors);
  set(Field::kSockets, values.files.sockets);
  set(Field::kReferencedBytes, values.referenced_bytes);
  set(Field::kLoadAverage, values.load);
  set(Field::kLoadDAverage, values.load_d);
  if (values.open_files_limit) {
    sample.set(Field::kOpenFilesLimit, values.open_files_limit->soft);
    sample.set(Field::kOpenFilesHardLimit, values.open_files_limit->hard);
  } else {
    sample.unset(Field::kOpenFilesLimit);
    sample.unset(Field::kOpenFilesHardLimit);
  }
  if (values.sched) {
    sample.set(Field::kSchedRun, values.sched->run_ns);
    sample.set(Field::kSchedRunqueue, values.sched->wait_ns);
    sample.set(Field::kSchedPeriods, values.sched->periods);
  }
  if (!values.states) return;
  sample.set(Field::kTasksSleeping, values.states->sleeping);
  sample.set(Field::kTasksRunning, values.states->running);
  sample.set(Field::kTasksStopped, values.states->stopped);
  sample.set(Field::kTasksUninterruptible, values.states->uninterruptible);
  set(Field::kTasksIoWait, values.states->io_wait);
}

}  // namespace

GroupCollectors::GroupCollectors(const cgroupfs::Layout& layout, const GroupCollectorsSetup& setup)
    : layout_(layout), groups_(setup.groups), perf_interval_(setup.perf_interval) {}

bool GroupCollectors::needs_network(cgroupfs::GroupSet groups) {
  return groups.has(Group::kTcp) || groups.has(Group::kUdp) || groups.has(Group::kAdvTcp);
}

Result<std::unique_ptr<GroupCollectors>> GroupCollectors::create(
    const HostRoots& roots, const cgroupfs::Layout& layout, const Clock& clock,
    const GroupCollectorsSetup& setup) {
  std::unique_ptr<GroupCollectors> made(new GroupCollectors(layout, setup));
  const TaskCollectorSetup tasks{setup.tasks, setup.groups, setup.resctrl_interval};
  if (TaskCollector::is_needed(tasks))
    made->tasks_ = PLIMSOLL_TRY(TaskCollector::create(roots, layout, clock, tasks));
  if (setup.groups.has(Group::kPerfEvent) && !setup.perf.empty())
    made->perf_ = std::make_unique<PerfCollector>(PLIMSOLL_TRY(plan_perf(setup.perf, roots.sys)),
                                                  make_perf_kernel());
  return made;
}

void GroupCollectors::collect(std::span<Entry* const> shown, MonoTime now, std::uint64_t sequence) {
  if (tasks_) {
    if (now >= want_at_) want(shown, now);
    take(shown, sequence);
  }
  if (perf_) collect_perf(shown, now, sequence);
}

const TaskValues* GroupCollectors::found(std::uint64_t serial) const {
  if (!found_) return nullptr;
  const auto it = found_->find(serial);
  return it == found_->end() ? nullptr : &it->second;
}

void GroupCollectors::take(std::span<Entry* const> shown, std::uint64_t sequence) {
  const std::shared_ptr<const TaskResults> before = std::exchange(found_, tasks_->results());
  if (!found_ || found_ == before) return;
  for (Entry* entry : shown) {
    const TaskValues* const values = found(entry->serial);
    if (values == nullptr) continue;
    if (before)
      if (const auto old = before->find(entry->serial);
          old != before->end() && old->second == *values)
        continue;
    set_tasks(entry->sample, *values);
    entry->changed = sequence;
  }
}

void GroupCollectors::want(std::span<Entry* const> shown, MonoTime now) {
  want_at_ = now + kLookAround;
  std::vector<TaskTarget> targets;
  targets.reserve(shown.size());
  for (Entry* entry : shown) {
    const bool container = entry->identity->is_container();
    TaskTarget& target = targets.emplace_back();
    target.cgroup = *entry->cgroup;
    target.container = container;
    if (container || is_host(*entry)) target.pid = entry->process(layout_, now);
    target.owns_network = entry->attribution == NetworkAttribution::kOwn;
  }
  if (targets == wanted_) return;
  wanted_ = targets;
  tasks_->want(std::move(targets));
}

void GroupCollectors::collect_perf(std::span<Entry* const> shown, MonoTime now,
                                   std::uint64_t sequence) {
  if (now < perf_at_) return;
  perf_at_ = now + perf_interval_;
  std::vector<PerfCollector::Target> targets;
  for (Entry* entry : shown) {
    if (!entry->identity->is_container() && !is_host(*entry)) continue;
    targets.push_back({entry->serial, entry->cgroup});
    entry->changed = sequence;
  }
  perf_->collect(targets, layout_);
}

void GroupCollectors::fill(Snapshot& snapshot, const Entry& entry) const {
  const TaskValues* const values = found(entry.serial);
  if (needs_network(groups_))
    snapshot.sockets.push_back(values != nullptr ? values->sockets : nullptr);
  if (groups_.has(Group::kResctrl)) {
    snapshot.resctrl.start_row();
    if (values != nullptr)
      for (const ResctrlUsage& usage : values->resctrl) snapshot.resctrl.push_back(usage);
  }
  if (!perf_) return;
  snapshot.perf.start_row();
  for (PerfCount& count : perf_->counts(entry.serial, groups_.has(Group::kPercpu)))
    snapshot.perf.push_back(std::move(count));
}

void GroupCollectors::fill_host(Snapshot& snapshot) const {
  if (perf_) snapshot.uncore = perf_->uncore();
}

void GroupCollectors::add_stats(SelfStats& stats) const {
  if (tasks_) stats.tasks = tasks_->stats();
  if (perf_) stats.perf = perf_->stats();
}

}  // namespace plimsoll::exporter
