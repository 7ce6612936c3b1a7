#include "runtime/docker/pool.h"

#include <chrono>
#include <utility>

namespace plimsoll::docker {

namespace {

// At rest; they sleep without a clock. The others leave when nobody needed them for a while.
constexpr std::size_t kKept = 2;
constexpr std::chrono::seconds kPatience{10};

}  // namespace

void Pool::submit(Job job) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;  // The job dies with the argument, after the lock.
  jobs_.push_back(std::move(job));
  // Each waiting job has a thread of its own, as long as there may be more.
  if (idle_ >= jobs_.size() || threads_ == most_) return arrived_.notify_one();
  ++threads_;
  std::thread([this] { work(); }).detach();  // stop() waits for the count.
}

void Pool::refuse() {
  std::deque<Job> dropped;
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  dropped.swap(jobs_);
  arrived_.notify_all();
}

void Pool::stop() {
  refuse();
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return threads_ == 0; });
}

void Pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto due = [this] { return stopping_ || !jobs_.empty(); };
    ++idle_;
    if (threads_ <= kKept)
      arrived_.wait(lock, due);
    else
      arrived_.wait_for(lock, kPatience, due);
    --idle_;
    if (jobs_.empty() && (stopping_ || threads_ > kKept)) break;
    if (jobs_.empty()) continue;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
  --threads_;
  left_.notify_all();  // Under the lock: the pool must not be gone before this line.
}

}  // namespace plimsoll::docker
