// Events as JSON, NDJSON and SSE. Pure. Shape: docs/events.md; keys are added, never renamed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "control/breach/event.h"

namespace plimsoll::control {

// {"id":7,"kind":"oom_kill","time":"...","cgroup":"/docker/..","container":{...},"count":1,...}
[[nodiscard]] std::string to_json(const BreachEvent& event);

enum class EventFormat : std::uint8_t {
  kNdjson,  // application/x-ndjson: one object a line.
  kSse      // text/event-stream: `event:` the kind, `id:`, `data:` the object.
};
[[nodiscard]] std::string_view content_type(EventFormat format);
[[nodiscard]] std::string framed(EventFormat format, const BreachEvent& event);
// What a listener missed: {"lost":3} or, when its id is not of this engine, {"restarted":true}.
[[nodiscard]] std::string lost_frame(EventFormat format, std::uint64_t lost);
[[nodiscard]] std::string restarted_frame(EventFormat format);
// Sent into a silence, so that dead connections are found.
[[nodiscard]] std::string idle_frame(EventFormat format);

// One line for people: "2026-.. web oom_kill: hog (pid 20144) killed; memory.max 16M of
// /docker/..".
[[nodiscard]] std::string to_text(const BreachEvent& event);

// What a client reads back: `plimsoll events`. Unknown keys are of a later version; kMalformed
// names what is missing. A frame about lost events has `lost` or `restarted` and no event.
struct ReadEvent {
  std::optional<BreachEvent> event;
  std::string name;  // Of the container, where it has one.
  std::uint64_t lost = 0;
  bool restarted = false;
};
[[nodiscard]] Result<ReadEvent> parse_event(std::string_view json);

}  // namespace plimsoll::control
