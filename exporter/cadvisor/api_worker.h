// A thread that answers requests one after the other: formatting a thousand containers or walking
// /proc takes its time, and neither the sampler nor the loop may wait for it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace plimsoll::exporter {

class ApiWorker {
 public:
  explicit ApiWorker(std::size_t most_waiting);
  ~ApiWorker() { stop(); }
  ApiWorker(const ApiWorker&) = delete;
  ApiWorker& operator=(const ApiWorker&) = delete;

  // False: too many wait already, or it was stopped; the task is dropped.
  [[nodiscard]] bool post(std::function<void()> task);
  // Waits for the task that runs; those that wait are dropped.
  void stop();

 private:
  void run(const std::stop_token& stop);

  const std::size_t most_waiting_;
  std::mutex mutex_;  // Guards tasks_ and stopped_.
  std::condition_variable_any wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopped_ = false;
  std::jthread thread_;
};

}  // namespace plimsoll::exporter
