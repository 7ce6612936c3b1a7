// Removes interfaces a while after their container has gone.
//
// A namespace that nobody has any more takes its interfaces with it, in the kernel's own time and
// many at once; whoever asks for one to be removed waits for every reader on every CPU. So this
// looks half a second later, when nearly always there is nothing left to do.
// Thread: remove() from any; one thread of its own, which sleeps while nothing is due.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace plimsoll::net {

class Reaper {
 public:
  explicit Reaper(std::chrono::milliseconds patience = std::chrono::milliseconds(500));
  // What is not removed by then is written down, and removed by the next start.
  ~Reaper();
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  // `done` is called from the reaper's thread when none of these is there any more.
  void remove(std::vector<std::string> links, std::function<void()> done);

 private:
  struct Task {
    std::chrono::steady_clock::time_point due;
    std::vector<std::string> links;
    std::function<void()> done;
  };
  void run(const std::stop_token& stop);

  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_;
  std::jthread thread_;
};

}  // namespace plimsoll::net
