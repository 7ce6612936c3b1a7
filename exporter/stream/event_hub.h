// Events on their way to whoever listens. A listener that reads slowly misses events, is told so
// where the format can say it, and holds nobody up.
//
// Loop thread only, but stats() which any thread may call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/event_log.h"
#include "exporter/stream/events.h"
#include "exporter/stream/hub.h"
#include "http/server.h"

namespace plimsoll::exporter {

class EventHub {
 public:
  struct Listener {
    std::shared_ptr<http::Stream> stream;
    std::function<bool(const Event&)> accepts;
    std::function<std::string(const Event&)> frame;
    // Says how many were missed; empty: this format cannot say it.
    std::function<std::string(std::uint64_t)> missed;
    std::string idle;         // Sent when nothing happened for kIdle: finds dead connections.
    std::uint64_t after = 0;  // Events up to this sequence are not for it.
  };

  // The listener that a request for /api/v1/events is.
  [[nodiscard]] static Listener listener_for(std::shared_ptr<http::Stream> stream,
                                             const EventsRequest& request);

  // Sends `past`, then what publish() brings and `past` did not have.
  void add(Listener listener, const std::vector<EventPtr>& past, MonoTime now);
  void publish(const std::vector<EventPtr>& events, MonoTime now);
  // Regularly: forgets who left, keeps the silent ones alive.
  void beat(MonoTime now);
  void finish_all();
  [[nodiscard]] StreamStats stats() const;

  static constexpr std::size_t kMaxPending = std::size_t{1} << 20;
  static constexpr std::size_t kMaxReplay = std::size_t{32} << 20;  // Older ones are not replayed.
  static constexpr std::chrono::seconds kIdle{30};

 private:
  struct Client {
    Listener listener;
    std::uint64_t missed = 0;
    MonoTime last_write;
  };
  void offer(Client& client, const Event& event, MonoTime now);

  std::vector<Client> clients_;
  std::atomic<std::size_t> client_count_{0};
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> missed_{0};
};

}  // namespace plimsoll::exporter
