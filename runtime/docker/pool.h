// Threads for calls that block: as many as are needed at once, few at rest.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace plimsoll::docker {

class Pool {
 public:
  using Job = std::function<void()>;

  // `most` run at once, further ones wait.
  explicit Pool(std::size_t most) : most_(most) {}
  ~Pool() { stop(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Never waits. Destroyed without having run once stopping.
  void submit(Job job);
  // What waits is destroyed, nothing more is taken on; what runs goes on.
  void refuse();
  // refuse(), and returns when the last job has ended.
  void stop();

 private:
  void work();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable left_;
  std::deque<Job> jobs_;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace plimsoll::docker
