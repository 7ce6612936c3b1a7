// One thread for what the kernel and the disk may hold up: changes of limits. The event loop hands
// jobs over and gets its answers back through whatever the job calls at its end (a post to the
// loop). Two workers with an Enforcer in common are two lanes: one for shrinking, one for the rest.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/error.h"

namespace plimsoll::control {

class Worker {
 public:
  using Job = std::function<void()>;

  explicit Worker(std::size_t most_waiting = 1024);
  // As stop().
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Never waits. kBusy: so many are waiting already, or it was stopped; then the job is not run.
  [[nodiscard]] Result<> submit(Job job);
  // The job that runs comes to its end; those that wait are destroyed without having run.
  void stop();

  [[nodiscard]] std::size_t waiting() const;

 private:
  void work(const std::stop_token& stop);

  std::size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Job> jobs_;
  bool stopped_ = false;
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace plimsoll::control
