#include "agent/events/event_lines.h"

#include <nlohmann/json.hpp>

#include "agent/percent_encode.h"
#include "base/number.h"
#include "base/text.h"
#include "control/breach/encode.h"

namespace plimsoll::agent {

namespace {

Result<std::string> report_target(const EventsFlags& flags) {
  if (!to_number<std::uint64_t>(*flags.report))
    return invalid_input("--report", *flags.report + ": give the id of an event");
  return "/plimsoll/v1/events/" + *flags.report + (flags.json ? "" : "?format=text");
}

}  // namespace

Result<std::string> events_target(const EventsFlags& flags) {
  if (flags.report) return report_target(flags);
  if (flags.references.size() > 1)
    return invalid_input("REF", "one container at a time, or none for all");
  std::string target = "/plimsoll/v1/events?stream=";
  target += flags.follow ? "true&format=ndjson" : "false";
  for (const std::string& kind : flags.kinds) {
    std::string_view rest = kind;
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      if (!control::breach_kind_named(word))
        return invalid_input("--kind", std::string(word) + ": 'plimsoll events --help' lists them");
    }
    target += "&kind=" + percent_encoded(kind);
  }
  if (flags.since) target += "&since=" + percent_encoded(*flags.since);
  if (!flags.references.empty()) target += "&ref=" + percent_encoded(flags.references.front());
  return target;
}

Result<std::string> event_line(std::string_view json, const EventsFlags& flags) {
  if (trim(json).empty()) return std::string();
  if (flags.json) return std::string(json) + "\n";
  const control::ReadEvent read = PLIMSOLL_TRY(control::parse_event(json));
  if (read.restarted)
    return std::string("-- the engine was restarted: all that it keeps follows\n");
  if (!read.event) return "-- " + std::to_string(read.lost) + " events were missed\n";
  std::string line = "#" + std::to_string(read.event->id) + " " + control::to_text(*read.event);
  if (read.event->has_report)
    line += "; plimsoll events --report " + std::to_string(read.event->id);
  return line + "\n";
}

Result<std::string> event_lines(std::string_view text, const EventsFlags& flags) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  const auto events = json.is_object() ? json.find("events") : json.end();
  if (!json.is_object() || events == json.end() || !events->is_array())
    return malformed(text.substr(0, 200));
  std::string lines;
  for (const auto& event : *events)
    lines += PLIMSOLL_TRY(event_line(
        event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), flags));
  return lines;
}

}  // namespace plimsoll::agent
