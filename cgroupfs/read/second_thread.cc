#include "cgroupfs/read/second_thread.h"

#include <system_error>

namespace plimsoll::cgroupfs {

bool SecondThread::run(const std::function<void()>& here, const std::function<void()>& there) {
  if (state_ == State::kAbsent) state_ = start() ? State::kStarted : State::kRefused;
  if (state_ == State::kRefused) return false;
  {
    const std::lock_guard lock(mutex_);
    order_ = &there;
  }
  changed_.notify_all();
  here();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return order_ == nullptr; });
  return true;
}

// The standard library throws where there is no thread to be had: the only place where we ask.
bool SecondThread::start() {
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void SecondThread::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return order_ != nullptr; })) {
    const std::function<void()>& order = *order_;
    lock.unlock();
    order();
    lock.lock();
    order_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace plimsoll::cgroupfs
