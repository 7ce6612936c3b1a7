// A second thread for the moments when somebody waits for many groups at once: the kernel prints
// two groups' files at the same time on two processors. Sleeps in between, and is not started
// before it is first needed.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace plimsoll::cgroupfs {

class SecondThread {
 public:
  SecondThread() = default;
  ~SecondThread() = default;  // Joins.
  SecondThread(const SecondThread&) = delete;
  SecondThread& operator=(const SecondThread&) = delete;

  // Runs `here` on the calling thread and `there` on the other one; what both wrote is visible to
  // the caller afterwards. False, and neither was run, where no thread can be had (pids.max,
  // RLIMIT_NPROC); it is not asked for again.
  [[nodiscard]] bool run(const std::function<void()>& here, const std::function<void()>& there);

 private:
  enum class State : unsigned char { kAbsent, kStarted, kRefused };

  [[nodiscard]] bool start();
  void work(const std::stop_token& stop);

  State state_ = State::kAbsent;  // The caller's.
  std::mutex mutex_;              // Guards the next two.
  std::condition_variable_any changed_;
  const std::function<void()>* order_ = nullptr;  // Null: nothing to do, or done.
  std::jthread thread_;                           // Last: it uses all of the above.
};

}  // namespace plimsoll::cgroupfs
