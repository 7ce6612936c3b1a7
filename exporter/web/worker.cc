#include "exporter/web/worker.h"

#include <utility>

namespace plimsoll::exporter {

Worker::Worker() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Worker::submit(Task task) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  tasks_.push_back(std::move(task));
  wake_.notify_one();
}

void Worker::stop() {
  std::deque<Task> dropped;  // Destroyed without the lock: a task may own what calls back.
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(tasks_);
  }
  dropped.clear();
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::run(const std::stop_token& stop) {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [&] { return !tasks_.empty(); })) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace plimsoll::exporter
