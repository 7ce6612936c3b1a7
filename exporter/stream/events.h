// Events of containers as JSON, and what /api/v1/events may be asked. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "exporter/collect/event_log.h"
#include "exporter/stream/frame.h"
#include "exporter/stream/select.h"
#include "http/server.h"

namespace plimsoll::exporter {

// Appends
// {"sequence":..,"timestamp":"..","type":"oom_kill","cgroup":"/docker/..","id":..,"name":..,
// "display":..,"runtime":..,"container":true,"image":..} and, by type, "exit_code", "pid",
// "process", "constraint", "limited". Shape: docs/api.md.
void append_event(std::string& out, const Event& event);

struct EventsRequest {
  EventQuery query;  // Types, since, the newest; the selection is in `selection`.
  Selection selection;
  // Nothing: what is kept, as one array. Else a stream: what came since `since`, then what comes.
  std::optional<StreamFormat> stream;
  bool replays = false;  // since= or Last-Event-ID was given.

  // Is it an event of somebody selected? An event of a group nobody saw has no names: it is
  // everybody's (`all`) or nobody's, and cgroup= finds it.
  [[nodiscard]] bool selects(const Event& event) const;
};

// type= (creation, deletion, oom, oom_kill; repeatable; default all), since= as streams have it,
// limit= (of an array; default kDefaultLimit, the newest), format= json|ndjson|sse (else by the
// Accept header), Last-Event-ID, and the selection of containers. kInvalidInput for any other.
[[nodiscard]] Result<EventsRequest> parse_events_request(const http::Request& request,
                                                         WallTime now);
inline constexpr std::size_t kDefaultEventLimit = 1000;

}  // namespace plimsoll::exporter
