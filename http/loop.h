// The one loop of a server: an io_context, tasks from any thread, timers. Shared by everything that
// may want to reach the loop thread later (responders outlive their server), and deaf after
// close().
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace plimsoll::http {

class Loop {
 public:
  using Task = std::function<void()>;

  Loop() : timer_(context_) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  // Any thread. Tasks run in the order of posting, each from the loop itself, never from within
  // post(). Dropped (destroyed, not run) once the loop is closed.
  void post(Task task);
  // Any thread.
  void after(std::chrono::nanoseconds delay, Task task);

  // The calling thread is the loop thread until end() was called. Returns at once when it was
  // before.
  void run();
  // Loop thread: run() returns after the tasks posted before this call.
  void end();
  // No thread is in run() and none will be: drops every task and timer, runs what the closing of
  // sockets left behind.
  void close();

 private:
  void wake();
  void run_tasks();
  void arm();
  void on_timer();

  // The posted-task path is the only state that other threads touch.
  std::mutex mutex_;
  std::vector<Task> tasks_;
  bool awake_ = false;  // A run_tasks() is on its way.
  bool closed_ = false;

  // Loop thread only.
  std::multimap<std::chrono::steady_clock::time_point, Task> timers_;
  boost::asio::io_context context_{1};
  boost::asio::steady_timer timer_;
};

}  // namespace plimsoll::http
