// Pushes what a scrape would have shown, every interval, to a remote_write receiver.
//
// Two threads: one makes requests of the exposition and queues them on disk, one sends them, oldest
// first, with back-off while the receiver is away. Neither ever holds up sampling or scrapes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "exporter/collect/self.h"
#include "exporter/push/batcher.h"
#include "exporter/push/queue.h"
#include "exporter/push/sender.h"

namespace plimsoll::exporter {

struct PushOptions {
  std::chrono::nanoseconds interval = std::chrono::seconds(15);
  BatcherOptions batcher;
  // Doubled from the first to the second while sending fails; a Retry-After is obeyed if it is
  // longer.
  std::chrono::nanoseconds first_backoff = std::chrono::milliseconds(100);
  std::chrono::nanoseconds longest_backoff = std::chrono::seconds(10);
};

// One text to push, and when its numbers were read.
struct Exposition {
  std::string text;
  WallTime at;
};

class Pusher {
 public:
  // Gives the exposition of now; called from the pushing thread, may block until `stop`. Nothing
  // when there is none yet.
  using Collect = std::function<std::optional<Exposition>(const std::stop_token& stop)>;

  Pusher(PushOptions options, Collect collect, std::unique_ptr<Sender> sender,
         std::unique_ptr<PushQueue> queue);
  ~Pusher();  // Stops and joins. What is not sent stays queued on disk.
  Pusher(const Pusher&) = delete;
  Pusher& operator=(const Pusher&) = delete;

  void start();
  // Safe from any thread.
  [[nodiscard]] PushStats stats() const;

 private:
  void collect_all(const std::stop_token& stop);
  void collect_once(const std::stop_token& stop);
  void send_all(const std::stop_token& stop);
  // Sends the oldest request. How long to wait before the next try; nothing: go on at once.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> send_front(const PushQueue::Front& front);
  void wait(const std::stop_token& stop, std::chrono::nanoseconds time);

  const PushOptions options_;
  const Collect collect_;
  const std::unique_ptr<Sender> sender_;
  const std::unique_ptr<PushQueue> queue_;

  mutable std::mutex mutex_;  // Guards everything below down to the threads.
  std::condition_variable_any queued_;
  std::condition_variable_any stopping_;
  bool something_queued_ = false;
  PushStats stats_;

  Batcher batcher_;                   // The collecting thread's.
  std::chrono::nanoseconds backoff_;  // The sending thread's.
  std::jthread sending_;
  std::jthread collecting_;
};

}  // namespace plimsoll::exporter
