#include "exporter/push/pusher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace plimsoll::exporter {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

Pusher::Pusher(PushOptions options, Collect collect, std::unique_ptr<Sender> sender,
               std::unique_ptr<PushQueue> queue)
    : options_(std::move(options)),
      collect_(std::move(collect)),
      sender_(std::move(sender)),
      queue_(std::move(queue)),
      batcher_(options_.batcher),
      backoff_(options_.first_backoff) {
  const PushQueueStats left = queue_->stats();
  if (left.batches > 0)
    log::info("push: " + std::to_string(left.samples) + " samples wait from before the start");
}

Pusher::~Pusher() {
  collecting_.request_stop();
  sending_.request_stop();
  sender_->cancel();
}

void Pusher::start() {
  sending_ = std::jthread([this](const std::stop_token& stop) { send_all(stop); });
  collecting_ = std::jthread([this](const std::stop_token& stop) { collect_all(stop); });
}

void Pusher::collect_all(const std::stop_token& stop) {
  steady_clock::time_point due = steady_clock::now();
  while (!stop.stop_requested()) {
    collect_once(stop);
    due += options_.interval;
    const steady_clock::time_point now = steady_clock::now();
    if (due < now) due = now;  // A late one is not caught up with: numbers of the past are gone.
    wait(stop, due - now);
  }
}

void Pusher::collect_once(const std::stop_token& stop) {
  std::optional<Exposition> exposition = collect_(stop);
  if (!exposition) return;
  std::vector<Batch> batches = batcher_.batches(std::move(exposition->text), exposition->at);
  Result<> queued;
  for (Batch& batch : batches)
    if (Result<> one = queue_->push(std::move(batch)); !one) queued = std::move(one);
  const std::scoped_lock guard(mutex_);
  if (!queued && !stats_.disk_failed)
    log::error("push: waiting in memory: " + queued.error().message());
  stats_.disk_failed = !queued;
  stats_.malformed_lines = batcher_.malformed_lines();
  something_queued_ = true;
  queued_.notify_one();
}

void Pusher::send_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      const std::scoped_lock guard(mutex_);
      something_queued_ = false;
    }
    while (const std::optional<PushQueue::Front> front = queue_->front()) {
      const std::optional<nanoseconds> pause = send_front(*front);
      if (pause) wait(stop, *pause);
      if (stop.stop_requested()) return;
    }
    std::unique_lock lock(mutex_);
    queued_.wait(lock, stop, [this] { return something_queued_; });
  }
}

std::optional<nanoseconds> Pusher::send_front(const PushQueue::Front& front) {
  const SendOutcome outcome = sender_->send(front.batch.body);
  const std::scoped_lock guard(mutex_);
  ++stats_.requests[outcome.status];
  if (outcome.accepted() || outcome.refused()) {
    queue_->pop(front.id);
    backoff_ = options_.first_backoff;
  }
  if (outcome.accepted()) {
    stats_.sent_samples += front.batch.samples;
    stats_.sent_bytes += front.batch.body.size();
    stats_.last_success = std::chrono::system_clock::now();
    if (stats_.failing) log::info("push: the receiver answers again");
    stats_.failing = false;
    return std::nullopt;
  }
  // Each trouble is told once, not once per try.
  if (!stats_.failing || outcome.refused()) log::warn("push: " + outcome.error);
  stats_.failing = true;
  if (outcome.refused()) {
    stats_.refused_samples += front.batch.samples;
    return std::nullopt;
  }
  ++stats_.retries;
  const nanoseconds pause =
      std::max<nanoseconds>(backoff_, outcome.retry_after.value_or(std::chrono::seconds(0)));
  backoff_ = std::min(backoff_ * 2, options_.longest_backoff);
  return pause;
}

void Pusher::wait(const std::stop_token& stop, nanoseconds time) {
  std::unique_lock lock(mutex_);
  stopping_.wait_for(lock, stop, time, [] { return false; });
}

PushStats Pusher::stats() const {
  const PushQueueStats queue = queue_->stats();
  const std::scoped_lock guard(mutex_);
  PushStats now = stats_;
  now.queued_batches = queue.batches;
  now.queued_bytes = queue.bytes;
  now.queued_samples = queue.samples;
  now.dropped_samples = queue.dropped_samples;
  now.damaged_batches = queue.damaged_batches;
  return now;
}

}  // namespace plimsoll::exporter
