// A thread for what would hold up the loop: formatting and compressing big pages.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace plimsoll::exporter {

class Worker {
 public:
  using Task = std::function<void()>;

  Worker();
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // In order, one at a time; from any thread. Dropped unrun once stopped.
  void submit(Task task);
  // Waits for the task at work; those that wait are dropped. Not from a task.
  void stop();

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;  // Guards the queue and the flag.
  std::condition_variable_any wake_;
  std::deque<Task> tasks_;
  bool stopped_ = false;
  std::jthread thread_;
};

}  // namespace plimsoll::exporter
