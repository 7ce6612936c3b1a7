#include "exporter/collect/filesystem.h"

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

#include "exporter/collect/disk_survey.h"

namespace plimsoll::exporter {

namespace {

constexpr std::chrono::seconds kPatience{5};
// Without any work the thread still looks up so often, in case the clock it is given stands still.
constexpr std::chrono::seconds kLongestRest{1};

// Between the sampler and the thread, which owns it too: it may outlive the collector. Everything
// below is guarded by `mutex`.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
  bool done = false;
  std::optional<std::vector<LayerRequest>> wanted;
  std::shared_ptr<const FilesystemCollector::Results> results;
  FilesystemStats stats;

  [[nodiscard]] bool stopped() {
    const std::lock_guard lock(mutex);
    return stop;
  }
};

// Disk usage can wait for everything else. Not SCHED_IDLE: on a busy host that would mean never.
void become_modest() {
  constexpr int kIoprioWhoProcess = 1;
  constexpr int kIoprioClassIdle = 3 << 13;
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  ::setpriority(PRIO_PROCESS, thread, 19);
  ::syscall(SYS_ioprio_set, kIoprioWhoProcess, thread, kIoprioClassIdle);
}

double cpu_seconds_of_this_thread() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

void work(const std::shared_ptr<Shared>& shared, DiskSurvey survey) {
  become_modest();
  const auto stopped = [&] { return shared->stopped(); };
  for (;;) {
    const std::chrono::nanoseconds rest = survey.step(stopped);
    FilesystemStats stats = survey.stats();
    stats.walk_cpu_seconds = cpu_seconds_of_this_thread();
    std::shared_ptr<const FilesystemCollector::Results> results = survey.results();
    std::unique_lock lock(shared->mutex);
    // The old results end outside of the lock.
    shared->results.swap(results);
    shared->stats = stats;
    const auto awaited = [&] { return shared->stop || shared->wanted; };
    shared->changed.wait_for(lock, std::min<std::chrono::nanoseconds>(rest, kLongestRest), awaited);
    if (shared->stop) break;
    const std::optional<std::vector<LayerRequest>> wanted = std::exchange(shared->wanted, {});
    lock.unlock();
    if (wanted) survey.want(*wanted);
  }
  const std::lock_guard lock(shared->mutex);
  shared->done = true;
  shared->changed.notify_all();
}

class Collector final : public FilesystemCollector {
 public:
  explicit Collector(DiskSurvey survey)
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

  void want(std::vector<LayerRequest> layers) override {
    const std::lock_guard lock(shared_->mutex);
    shared_->wanted = std::move(layers);
    shared_->changed.notify_all();
  }

  [[nodiscard]] std::shared_ptr<const Results> results() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->results;
  }

  [[nodiscard]] FilesystemStats stats() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->stats;
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<FilesystemCollector> FilesystemCollector::create(const DirFd& proc,
                                                                 const DirFd& /*sys*/,
                                                                 const Clock& clock,
                                                                 FilesystemOptions options) {
  // A descriptor of its own: the thread may outlive the caller's.
  DirFd own(::fcntl(proc.get(), F_DUPFD_CLOEXEC, 0));
  return std::make_unique<Collector>(DiskSurvey(std::move(own), clock, std::move(options)));
}

}  // namespace plimsoll::exporter
