#include "exporter/cadvisor/api_worker.h"

#include <utility>

namespace plimsoll::exporter {

ApiWorker::ApiWorker(std::size_t most_waiting)
    : most_waiting_(most_waiting), thread_([this](const std::stop_token& stop) { run(stop); }) {}

bool ApiWorker::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || tasks_.size() >= most_waiting_) return false;
  tasks_.push_back(std::move(task));
  wake_.notify_one();
  return true;
}

void ApiWorker::stop() {
  std::deque<std::function<void()>> dropped;  // Their answers are sent outside the lock.
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(tasks_);
  }
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void ApiWorker::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop, [&] { return !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace plimsoll::exporter
