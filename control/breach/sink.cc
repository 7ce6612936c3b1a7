#include "control/breach/sink.h"

#include <algorithm>
#include <utility>

namespace plimsoll::control {

Sink::Sink(std::string name, Deliver deliver, SinkOptions options)
    : name_(std::move(name)), deliver_(std::move(deliver)), options_(options) {
  threads_.reserve(options_.at_once);
  for (std::size_t i = 0; i < std::max<std::size_t>(options_.at_once, 1); ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

Sink::~Sink() {
  stop();
}

void Sink::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Sink::offer(const BreachPtr& event) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= options_.most_waiting) {
      ++stats_.dropped;
      return;
    }
    waiting_.push_back(event);
  }
  arrived_.notify_one();
}

SinkStats Sink::stats() const {
  const std::lock_guard lock(mutex_);
  SinkStats stats = stats_;
  stats.waiting = waiting_.size();
  return stats;
}

void Sink::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    BreachPtr event;
    {
      std::unique_lock lock(mutex_);
      if (!arrived_.wait(lock, stop, [&] { return !waiting_.empty(); })) return;
      event = std::move(waiting_.front());
      waiting_.pop_front();
    }
    deliver(*event, stop);
  }
}

void Sink::deliver(const BreachEvent& event, const std::stop_token& stop) {
  std::chrono::milliseconds pause = options_.first_retry;
  for (unsigned attempt = 1;; ++attempt) {
    const Result<> done = deliver_(event);
    std::unique_lock lock(mutex_);
    if (done) {
      ++stats_.delivered;
      return;
    }
    stats_.last_error = done.error().message();
    const bool again = done.error().kind != ErrorKind::kInvalidInput &&
                       done.error().kind != ErrorKind::kRejected && attempt < options_.attempts;
    if (!again || stop.stop_requested()) {
      ++stats_.failed;
      return;
    }
    // Woken by a stop only.
    (void)pausing_.wait_for(lock, stop, pause, [] { return false; });
    pause = std::min(pause * 2, options_.last_retry);
  }
}

}  // namespace plimsoll::control
