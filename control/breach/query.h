// What /plimsoll/v1/events may be asked. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "control/breach/encode.h"
#include "control/breach/event.h"
#include "http/server.h"

namespace plimsoll::control {

struct EventsQuery {
  std::optional<std::uint64_t> after;  // Events with greater ids.
  std::optional<WallTime> since;
  std::vector<BreachKind> kinds;  // None: all.
  std::string ref;                // "": all.
  std::optional<EventFormat> stream;
  std::size_t limit = 1000;  // Of an array: the newest.

  [[nodiscard]] bool accepts(const BreachEvent& event) const;
};

// since= (an id, "#12" or "12"; an age, "-5m"; or an RFC 3339 time), kind= (repeatable, or with
// commas), ref=, stream=true, format=ndjson|sse (else by Accept), limit=, and Last-Event-ID.
// kInvalidInput names the parameter.
[[nodiscard]] Result<EventsQuery> parse_events_query(const http::Request& request, WallTime now);

// A container's name, its id or at least four characters of its beginning, or "cgroup:/path", which
// is also what lies below it. Who is not unique is more than one: this is a filter.
[[nodiscard]] bool matches(const BreachEvent& event, std::string_view ref);

}  // namespace plimsoll::control
