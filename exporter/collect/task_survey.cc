#include "exporter/collect/task_survey.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace plimsoll::exporter {

namespace {

using cgroupfs::Controller;
using cgroupfs::Group;
using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kSlice{5};
constexpr std::chrono::seconds kSweep{60};
constexpr std::chrono::seconds kAverage{10};

std::optional<std::size_t> list_hierarchy(const cgroupfs::Layout& layout) {
  for (const Controller controller :
       {Controller::kCpuacct, Controller::kCpu, Controller::kMemory, Controller::kPids})
    if (const auto index = layout.of(controller)) return index;
  if (const auto unified = layout.unified()) return unified;
  if (layout.hierarchies.empty()) return std::nullopt;
  return 0;
}

std::uint64_t thousandths(double tasks) {
  return static_cast<std::uint64_t>(std::llround(tasks * 1000));
}

}  // namespace

TaskSurvey::TaskSurvey(TaskSurveyRoots roots, const Clock& clock, TaskOptions options,
                       cgroupfs::GroupSet groups, nanoseconds resctrl_interval)
    : roots_(std::move(roots)),
      clock_(clock),
      options_(options),
      groups_(groups),
      hierarchy_(list_hierarchy(roots_.layout)),
      processes_(roots_.proc, stats_),
      sockets_(roots_.proc),
      resctrl_(roots_.resctrl, roots_.proc, resctrl_interval, stats_),
      cgroup_stats_(failure(ErrorKind::kNotOffered, "taskstats", "cgroup v2")) {
  const bool counted = hierarchy_ && roots_.layout.hierarchies[*hierarchy_].version == 1;
  if (!options_.load_reader || !groups_.has(Group::kCpuLoad) || !counted) return;
  cgroup_stats_ = CgroupStats::open();
  if (!cgroup_stats_) stats_.missing = "taskstats";
}

void TaskSurvey::want(const std::vector<TaskTarget>& targets) {
  std::map<std::uint64_t, Item> next;
  for (const TaskTarget& target : targets) {
    const auto known = items_.find(target.cgroup.serial);
    Item item;
    if (known != items_.end()) item = std::move(known->second);
    if (known == items_.end() || item.target.pid != target.pid ||
        item.target.owns_network != target.owns_network)
      item.due = MonoTime{};  // At once.
    if (known != items_.end()) items_.erase(known);
    item.target = target;
    next.emplace(target.cgroup.serial, std::move(item));
  }
  // Deepest first: a group's times go to the nearest ancestor that still is.
  std::vector<std::string> gone;
  gone.reserve(items_.size());
  for (const auto& [serial, item] : items_) gone.push_back(item.target.cgroup.path);
  std::ranges::sort(gone, std::greater<>());
  for (const std::string& path : gone) {
    ledger_.forget(path);
    resctrl_.forget(path);
  }
  items_ = std::move(next);
  stats_.cgroups = items_.size();
  changed_ = true;
}

TaskSurvey::Rest TaskSurvey::step(const std::function<bool()>& stopped) {
  const MonoTime start = clock_.now();
  bool more = false;
  MonoTime next = start + options_.interval;
  // On from where the last step stopped: where a round takes longer than the interval, whoever
  // comes last (the newest) would wait for ever.
  auto at = items_.upper_bound(reached_);
  for (std::size_t seen = 0; seen < items_.size(); ++seen, ++at) {
    if (at == items_.end()) at = items_.begin();
    Item& item = at->second;
    if (item.due <= start || (options_.load_reader && item.load_due <= start)) {
      if (stopped()) return {};
      if (clock_.now() - start >= kSlice) {
        more = true;
        break;
      }
      if (item.due <= start) {
        survey(item);
        item.due = start + options_.interval;
      }
      if (options_.load_reader && item.load_due <= start) {
        read_load(item);
        item.load_due = start + options_.load_interval;
      }
      changed_ = true;
      reached_ = at->first;
    }
    next = std::min(next, options_.load_reader ? std::min(item.due, item.load_due) : item.due);
  }
  if (start >= sweep_at_ && groups_.has(Group::kSched)) {
    ledger_.sweep([this](std::int32_t thread) { return processes_.sched(thread); });
    sweep_at_ = start + kSweep;
  }
  if (std::exchange(changed_, false)) publish();
  const nanoseconds worked = clock_.now() - start;
  const nanoseconds rest = worked * options_.rest_factor;
  return {.least = rest, .most = more ? rest : std::max(rest, next - start)};
}

Result<DirFd> TaskSurvey::open(const Item& item) const {
  if (!hierarchy_) return failure(ErrorKind::kNotOffered, "open", "cgroup");
  return cgroupfs::open_cgroup(roots_.layout, item.target.cgroup, *hierarchy_);
}

const char* TaskSurvey::threads_file() const {
  return roots_.layout.hierarchies[*hierarchy_].version == 1 ? "tasks" : "cgroup.threads";
}

std::optional<std::vector<std::int32_t>> TaskSurvey::ids(const DirFd& cgroup, const char* file) {
  const Result<std::string_view> text = buffer_.read_at(cgroup, file);
  if (!text) return std::nullopt;
  Result<std::vector<std::int32_t>> ids = parse_ids(*text);
  if (!ids) {
    ++stats_.malformed;
    return std::nullopt;
  }
  return *std::move(ids);
}

void TaskSurvey::survey(Item& item) {
  ++item.readings;
  item.values.resctrl.clear();
  read_sockets(item);
  const std::string& path = item.target.cgroup.path;
  if (groups_.has(Group::kResctrl) && resctrl_.available() && path == "/")
    item.values.resctrl = resctrl_.host();
  const Result<DirFd> cgroup = open(item);
  if (!cgroup) return;  // Gone, which the next want() says; or not in this hierarchy.
  const auto pids = ids(*cgroup, "cgroup.procs");
  if (!pids) return;
  if (groups_.has(Group::kProcess)) {
    item.values.files = processes_.open_files(*pids);
    const auto first = item.target.pid || pids->empty() ? item.target.pid : pids->front();
    item.values.open_files_limit = first ? processes_.open_files_limit(*first) : std::nullopt;
  }
  if (groups_.has(Group::kReferencedMemory)) {
    item.values.referenced_bytes = processes_.referenced(*pids);
    const std::uint64_t every = options_.referenced_reset;
    if (every != 0 && item.readings % every == 0) processes_.clear_referenced(*pids);
  }
  const bool monitored = groups_.has(Group::kResctrl) && resctrl_.available() &&
                         item.target.container && item.target.pid;
  if (!groups_.has(Group::kSched) && !monitored) return;
  const auto threads = ids(*cgroup, threads_file());
  if (!threads) return;
  if (groups_.has(Group::kSched))
    ledger_.account(path, *threads,
                    [this](std::int32_t thread) { return processes_.sched(thread); });
  if (monitored)
    item.values.resctrl = resctrl_.container(
        {.path = path, .pid = *item.target.pid, .threads = *threads}, clock_.now());
}

void TaskSurvey::read_sockets(Item& item) {
  const SocketQuestion question{.tcp = groups_.has(Group::kTcp),
                                .udp = groups_.has(Group::kUdp),
                                .advanced = groups_.has(Group::kAdvTcp)};
  item.values.sockets.reset();
  if (!question.any() || !item.target.pid || !item.target.owns_network) return;
  Result<SocketStats> stats = sockets_.read(*item.target.pid, question);
  if (stats)
    item.values.sockets = std::make_shared<const SocketStats>(*std::move(stats));
  else if (stats.error().kind == ErrorKind::kMalformed)
    ++stats_.malformed;
  else if (stats.error().kind == ErrorKind::kDenied)
    ++stats_.denied;
}

std::optional<std::uint64_t> TaskSurvey::io_waiting(const DirFd& cgroup) {
  if (!cgroup_stats_) return std::nullopt;
  // A directory opened with O_PATH is not enough for the kernel here.
  const Result<Fd> directory = open_at(cgroup, ".", O_RDONLY | O_DIRECTORY);
  if (!directory) return std::nullopt;
  const Result<TaskStates> answer = cgroup_stats_->ask(*directory);
  return answer ? answer->io_wait : std::nullopt;
}

void TaskSurvey::read_load(Item& item) {
  const Result<DirFd> cgroup = open(item);
  if (!cgroup) return;
  item.values.states.reset();
  const auto threads = ids(*cgroup, threads_file());
  if (!threads) return;
  TaskStates& states = item.values.states.emplace(processes_.states(*threads));
  states.io_wait = io_waiting(*cgroup);
  const MonoTime now = clock_.now();
  const auto running = static_cast<double>(states.running);
  const auto blocked = static_cast<double>(states.uninterruptible);
  if (item.loaded_at) {
    const auto passed = std::chrono::duration<double>(now - *item.loaded_at);
    const double keep = std::exp(-passed / std::chrono::duration<double>(kAverage));
    item.load = item.load * keep + running * (1 - keep);
    item.load_d = item.load_d * keep + blocked * (1 - keep);
  } else {
    item.load = running;
    item.load_d = blocked;
  }
  item.loaded_at = now;
  item.values.load = thousandths(item.load);
  item.values.load_d = thousandths(item.load_d);
}

void TaskSurvey::publish() {
  auto results = std::make_shared<TaskResults>();
  results->reserve(items_.size());
  for (const auto& [serial, item] : items_) {
    TaskValues& values = results->emplace(serial, item.values).first->second;
    if (groups_.has(Group::kSched)) values.sched = ledger_.total(item.target.cgroup.path);
  }
  stats_.threads = ledger_.threads();
  results_ = std::move(results);
}

TaskStats TaskSurvey::stats() const {
  return stats_;
}

}  // namespace plimsoll::exporter
