#include "control/enforcer/worker.h"

#include <string>
#include <utility>

namespace plimsoll::control {

Worker::Worker(std::size_t most_waiting)
    : most_waiting_(most_waiting), thread_([this](const std::stop_token& stop) { work(stop); }) {}

Worker::~Worker() {
  stop();
}

Result<> Worker::submit(Job job) {
  {
    const std::scoped_lock guard(mutex_);
    if (stopped_) return failure(ErrorKind::kBusy, "submit", "the worker has stopped");
    if (jobs_.size() >= most_waiting_)
      return failure(ErrorKind::kBusy, "submit",
                     std::to_string(jobs_.size()) + " changes are waiting already");
    jobs_.push_back(std::move(job));
  }
  arrived_.notify_one();
  return {};
}

void Worker::stop() {
  std::deque<Job> dropped;
  {
    const std::scoped_lock guard(mutex_);
    stopped_ = true;
    dropped.swap(jobs_);
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::size_t Worker::waiting() const {
  const std::scoped_lock guard(mutex_);
  return jobs_.size();
}

void Worker::work(const std::stop_token& stop) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      if (!arrived_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace plimsoll::control
