// The engine's one thread that waits: for descriptors, for moments, and for work that others hand
// it. Nothing in it may block; nothing wakes it when nothing is due.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::engine {

class Loop {
 public:
  using Timer = std::pair<MonoTime, std::uint64_t>;
  using Handler = std::function<void(std::uint32_t events)>;

  [[nodiscard]] static Result<std::unique_ptr<Loop>> start();
  ~Loop();  // Ends the thread; what was posted and has not run is dropped.
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // From any thread: `work` runs in the loop's.
  void post(std::function<void()> work);
  [[nodiscard]] Timer at(MonoTime when, std::function<void()> work);
  [[nodiscard]] Timer after(std::chrono::nanoseconds time, std::function<void()> work);
  void cancel(const Timer& timer);

  // From the loop's thread only. The descriptor stays the caller's, who forgets it before closing.
  [[nodiscard]] Result<> watch(const Fd& fd, std::uint32_t events, Handler handler);
  void change(const Fd& fd, std::uint32_t events);
  void forget(const Fd& fd);

  // No more turns: posted work is dropped from now on. Not from the loop's thread.
  void stop();

 private:
  Loop(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  void run();
  void run_due();
  [[nodiscard]] int timeout();
  void wake() const;

  Fd epoll_;
  Fd wake_;
  RealClock clock_;
  // The loop's own.
  std::unordered_map<int, std::shared_ptr<Handler>> handlers_;
  // Shared with those who post.
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  std::map<Timer, std::function<void()>> timers_;
  std::uint64_t next_timer_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace plimsoll::engine
