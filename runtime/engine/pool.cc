#include "runtime/engine/pool.h"

#include <chrono>
#include <thread>
#include <utility>

namespace plimsoll::engine {

Pool::~Pool() {
  stop();
}

void Pool::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  waiting_.clear();
  ready_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
}

void Pool::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  waiting_.push_back(std::move(work));
  if (idle_ >= waiting_.size() || threads_ == kMost) {
    ready_.notify_one();
    return;
  }
  ++threads_;
  std::thread([this] { run(); }).detach();
}

void Pool::run() {
  constexpr std::chrono::seconds kPatience(10);
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto has_work = [this] { return stopping_ || !waiting_.empty(); };
    ++idle_;
    const bool found = ready_.wait_for(lock, kPatience, has_work);
    --idle_;
    if (stopping_ || !found) break;
    {
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
    }
    lock.lock();
  }
  --threads_;
  if (threads_ == 0) ended_.notify_all();
}

}  // namespace plimsoll::engine
