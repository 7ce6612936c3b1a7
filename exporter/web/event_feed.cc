#include "exporter/web/event_feed.h"

#include <algorithm>
#include <utility>

#include "exporter/web/json_error.h"

namespace plimsoll::exporter {

EventFeed::EventFeed(http::Server& server, SamplerLoop& loop, const Clock& clock,
                     EventLimits limits)
    : server_(server), clock_(clock), log_(limits) {
  loop.watch([this](const SnapshotPtr& snapshot) {
    std::vector<EventPtr> found = log_.observe(*snapshot);
    if (found.empty()) return;
    server_.post([this, alive = std::weak_ptr(alive_), found = std::move(found)] {
      if (alive.lock()) hub_.publish(found, clock_.now());
    });
  });
  server_.route("/api/v1/events", {"GET"},
                [this](const http::Request& request, http::Responder responder) {
                  events(request, std::move(responder));
                });
}

void EventFeed::events(const http::Request& request, http::Responder responder) {
  const auto asked = parse_events_request(request, clock_.wall());
  if (!asked) return responder.send(json_error(asked.error()));
  EventQuery query = asked->query;
  query.matches = [&](const Event& event) { return asked->selects(event); };
  if (asked->stream) {
    // In this order: what is noticed in between is found, or comes live, never neither.
    const std::uint64_t seen = log_.last_sequence();
    const std::vector<EventPtr> past =
        asked->replays ? log_.find(query, clock_.wall()) : std::vector<EventPtr>();
    EventHub::Listener listener =
        EventHub::listener_for(responder.stream(stream_head(*asked->stream)), *asked);
    listener.after = seen;
    hub_.add(std::move(listener), past, clock_.now());
    return;
  }
  std::string body = "[";
  for (const EventPtr& event : log_.find(query, clock_.wall())) {
    if (body.size() > 1) body += ",\n";
    append_event(body, *event);
  }
  body += "]\n";
  responder.send(http::Response::json(200, std::move(body)));
}

}  // namespace plimsoll::exporter
