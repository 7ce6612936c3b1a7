// /api/v1/events: what happened to containers, as an array or as a stream. Owns the log that every
// view of events reads.
#pragma once

#include <memory>

#include "base/clock.h"
#include "exporter/collect/event_log.h"
#include "exporter/collect/sampler_loop.h"
#include "exporter/stream/event_hub.h"
#include "http/server.h"

namespace plimsoll::exporter {

class EventFeed {
 public:
  // Watches the loop, which must not have started; the references must outlive it.
  EventFeed(http::Server& server, SamplerLoop& loop, const Clock& clock, EventLimits limits);
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  // Any thread.
  [[nodiscard]] StreamStats stats() const { return hub_.stats(); }
  [[nodiscard]] const EventLog& log() const { return log_; }
  // Loop thread.
  [[nodiscard]] EventHub& hub() { return hub_; }
  void beat() { hub_.beat(clock_.now()); }
  void finish() { hub_.finish_all(); }

 private:
  void events(const http::Request& request, http::Responder responder);

  http::Server& server_;
  const Clock& clock_;
  EventLog log_;
  EventHub hub_;
  // Expires with the feed: what the sampler posted before finds nobody.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace plimsoll::exporter
