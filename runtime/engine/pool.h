// Threads for work that may block: as many as there is work, none but one when there is none.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace plimsoll::engine {

class Pool {
 public:
  Pool() = default;
  ~Pool();  // Waits for what runs; what waits is dropped.
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void post(std::function<void()> work);
  void stop();

 private:
  static constexpr std::size_t kMost = 48;
  void run();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable ended_;
  std::deque<std::function<void()>> waiting_;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace plimsoll::engine
