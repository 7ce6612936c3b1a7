#include "http/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace plimsoll::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;

void Loop::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    // A refused task dies with the argument, after the lock: its destructor may post again (a
    // responder dropped unanswered does).
    if (closed_) return;
    tasks_.push_back(std::move(task));
    if (std::exchange(awake_, true)) return;
  }
  wake();
}

void Loop::wake() {
  asio::post(context_, [this] { run_tasks(); });
}

void Loop::run_tasks() {
  std::vector<Task> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(tasks_);
    awake_ = false;  // What these tasks post comes after the sockets had their turn.
  }
  for (Task& task : batch) {
    task();
    task = nullptr;  // What it owns goes now, not after the whole batch.
  }
}

void Loop::after(std::chrono::nanoseconds delay, Task task) {
  const auto due = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(delay);
  post([this, due, task = std::move(task)]() mutable {
    const auto place = timers_.emplace(due, std::move(task));
    if (place == timers_.begin()) arm();
  });
}

void Loop::arm() {
  timer_.expires_at(timers_.begin()->first);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) on_timer();
  });
}

void Loop::on_timer() {
  const auto now = steady_clock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const Task task = std::move(timers_.extract(timers_.begin()).mapped());
    task();
  }
  if (!timers_.empty()) arm();
}

void Loop::run() {
  const auto guard = asio::make_work_guard(context_);
  context_.run();
}

void Loop::end() {
  post([this] { context_.stop(); });
}

void Loop::close() {
  std::vector<Task> dropped;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(tasks_);
  }
  dropped.clear();
  timers_.clear();
  timer_.cancel();
  // Cancelled operations hold their connections until their handlers ran.
  context_.restart();
  context_.poll();
}

}  // namespace plimsoll::http
