// What `plimsoll events` asks the engine, and what it prints of the answer. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::agent {

struct EventsFlags {
  std::string socket = "/run/plimsoll/plimsoll.sock";
  bool follow = false;
  bool json = false;
  std::vector<std::string> kinds;
  std::optional<std::string> since;
  std::optional<std::string> report;  // The id of an event.
  std::vector<std::string> references;
};

// "/plimsoll/v1/events?stream=true&kind=oom": kInvalidInput names the flag that is no good.
[[nodiscard]] Result<std::string> events_target(const EventsFlags& flags);

// A line for people of one object of the stream; the JSON itself when `flags` say so. "" for a
// silence. kMalformed: not an engine's.
[[nodiscard]] Result<std::string> event_line(std::string_view json, const EventsFlags& flags);
// The lines of the array that is answered without --follow.
[[nodiscard]] Result<std::string> event_lines(std::string_view json, const EventsFlags& flags);

}  // namespace plimsoll::agent
