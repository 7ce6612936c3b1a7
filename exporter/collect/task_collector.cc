#include "exporter/collect/task_collector.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace plimsoll::exporter {

namespace {

using cgroupfs::Group;

constexpr std::chrono::seconds kPatience{5};

// Between the sampler and the thread, which owns it too: it may outlive the collector. Everything
// below is guarded by `mutex`.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
  bool done = false;
  std::optional<std::vector<TaskTarget>> wanted;
  std::shared_ptr<const TaskResults> results;
  TaskStats stats;

  [[nodiscard]] bool stopped() {
    const std::lock_guard lock(mutex);
    return stop;
  }
};

double cpu_seconds_of_this_thread() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

void work(const std::shared_ptr<Shared>& shared, std::unique_ptr<TaskSurvey> survey) {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 10);
  const auto stopped = [&] { return shared->stopped(); };
  for (;;) {
    const TaskSurvey::Rest rest = survey->step(stopped);
    TaskStats stats = survey->stats();
    stats.cpu_seconds = cpu_seconds_of_this_thread();
    std::shared_ptr<const TaskResults> results = survey->results();
    std::unique_lock lock(shared->mutex);
    // The old results end outside of the lock.
    shared->results.swap(results);
    shared->stats = stats;
    // The first part is what bounds the cost, whatever is wanted meanwhile.
    shared->changed.wait_for(lock, rest.least, [&] { return shared->stop; });
    const auto awaited = [&] { return shared->stop || shared->wanted.has_value(); };
    shared->changed.wait_for(lock, rest.most - rest.least, awaited);
    if (shared->stop) break;
    const std::optional<std::vector<TaskTarget>> wanted = std::exchange(shared->wanted, {});
    lock.unlock();
    if (wanted) survey->want(*wanted);
  }
  survey.reset();
  const std::lock_guard lock(shared->mutex);
  shared->done = true;
  shared->changed.notify_all();
}

class Collector final : public TaskCollector {
 public:
  explicit Collector(std::unique_ptr<TaskSurvey> survey)
      : shared_(std::make_shared<Shared>()),
        thread_([shared = shared_, survey = std::move(survey)]() mutable {
          work(shared, std::move(survey));
        }) {}

  ~Collector() override {
    std::unique_lock lock(shared_->mutex);
    shared_->stop = true;
    shared_->changed.notify_all();
    const bool done = shared_->changed.wait_for(lock, kPatience, [&] { return shared_->done; });
    lock.unlock();
    if (done)
      thread_.join();
    else
      thread_.detach();
  }

  void want(std::vector<TaskTarget> targets) override {
    const std::lock_guard lock(shared_->mutex);
    shared_->wanted = std::move(targets);
    shared_->changed.notify_all();
  }

  [[nodiscard]] std::shared_ptr<const TaskResults> results() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->results;
  }

  [[nodiscard]] TaskStats stats() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->stats;
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

DirFd duplicate(const DirFd& dir) {
  return DirFd(::fcntl(dir.get(), F_DUPFD_CLOEXEC, 0));
}

// With descriptors of its own: the thread may outlive the sampler's.
cgroupfs::Layout duplicate(const cgroupfs::Layout& layout) {
  cgroupfs::Layout copy;
  copy.mode = layout.mode;
  for (const cgroupfs::Hierarchy& from : layout.hierarchies) {
    cgroupfs::Hierarchy& to = copy.hierarchies.emplace_back();
    to.version = from.version;
    to.controllers = from.controllers;
    to.v1_name = from.v1_name;
    to.mount_path = from.mount_path;
    to.mount_root = from.mount_root;
    to.dir = duplicate(from.dir);
  }
  return copy;
}

}  // namespace

bool TaskCollector::is_needed(const TaskCollectorSetup& setup) {
  for (const Group group : {Group::kSched, Group::kProcess, Group::kReferencedMemory, Group::kTcp,
                            Group::kUdp, Group::kAdvTcp, Group::kResctrl})
    if (setup.groups.has(group)) return true;
  return setup.groups.has(Group::kCpuLoad) && setup.options.load_reader;
}

Result<std::unique_ptr<TaskCollector>> TaskCollector::create(const HostRoots& roots,
                                                             const cgroupfs::Layout& layout,
                                                             const Clock& clock,
                                                             TaskCollectorSetup setup) {
  TaskSurveyRoots own;
  own.proc = duplicate(roots.proc);
  if (own.proc.get() < 0) return os_failure("fcntl", "PROC");
  if (setup.groups.has(Group::kResctrl))
    own.resctrl = open_dir_at(roots.sys, "fs/resctrl").value_or(DirFd());
  own.layout = duplicate(layout);
  return std::make_unique<Collector>(std::make_unique<TaskSurvey>(
      std::move(own), clock, setup.options, setup.groups, setup.resctrl_interval));
}

}  // namespace plimsoll::exporter
