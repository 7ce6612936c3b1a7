// Where events go besides the stream: each sink has a bounded queue and threads of its own, so that
// one that hangs holds nobody up. What does not fit is dropped and counted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "control/breach/event.h"

namespace plimsoll::control {

struct SinkOptions {
  std::size_t most_waiting = 1000;
  std::size_t at_once = 1;                     // Threads.
  unsigned attempts = 5;                       // Then it is given up, and counted.
  std::chrono::milliseconds first_retry{500};  // Doubles up to ...
  std::chrono::milliseconds last_retry{30'000};
};

struct SinkStats {
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;   // Given up after all attempts.
  std::uint64_t dropped = 0;  // The queue was full.
  std::size_t waiting = 0;
  std::string last_error;
};

class Sink {
 public:
  // Called on the sink's threads. kInvalidInput and kRejected are not tried again: the same event
  // would be refused again.
  using Deliver = std::function<Result<>(const BreachEvent&)>;

  Sink(std::string name, Deliver deliver, SinkOptions options);
  ~Sink();  // As stop().
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Never waits. For BreachRing::listen().
  void offer(const BreachPtr& event);
  // What is being delivered comes to its end, what waits is left.
  void stop();
  [[nodiscard]] SinkStats stats() const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void work(const std::stop_token& stop);
  void deliver(const BreachEvent& event, const std::stop_token& stop);

  const std::string name_;
  const Deliver deliver_;
  const SinkOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::condition_variable_any pausing_;  // Between attempts; never notified.
  std::deque<BreachPtr> waiting_;
  SinkStats stats_;
  std::vector<std::jthread> threads_;  // Last: they use all of the above.
};

struct WebhookOptions {
  std::string url;  // "http://host:port/path", "https://..." or "unix:/path/of.sock:/path".
  std::string authorization;  // The header's value.
  std::string ca_file;
  std::chrono::milliseconds timeout{10'000};
};
// POSTs the event's JSON. kInvalidInput: no such URL. An answer of 4xx is not tried again, but 408
// and 429.
[[nodiscard]] Result<Sink::Deliver> make_webhook(const WebhookOptions& options);

// "unix:/run/x.sock" and "/hook" of an URL as above. Pure.
struct WebhookTarget {
  std::string endpoint;
  std::string path;
  bool tls = false;
  bool operator==(const WebhookTarget&) const = default;
};
[[nodiscard]] Result<WebhookTarget> parse_webhook_url(const std::string& url);

struct ExecHookOptions {
  std::vector<std::string> argv;  // No shell; argv[0] is a path.
  std::chrono::milliseconds timeout{10'000};
};
// The event's JSON on its standard input; its output goes nowhere. After the time it is killed with
// what it started in its process group. Not tried again when it ends by itself: kRejected.
[[nodiscard]] Result<Sink::Deliver> make_exec_hook(const ExecHookOptions& options);

// systemd's journal, with MESSAGE_ID and PLIMSOLL_ fields; the log when there is no journal.
[[nodiscard]] Sink::Deliver make_journal_sink();
// "MESSAGE=...", "MESSAGE_ID=...", "PLIMSOLL_KIND=..." Pure.
[[nodiscard]] std::vector<std::string> journal_fields(const BreachEvent& event);
// Of every event of Plimsoll's: `journalctl MESSAGE_ID=`.
inline constexpr std::string_view kBreachMessageId = "3f6c8a1de2b54f0d9a7b1c5e8d204f61";

}  // namespace plimsoll::control
