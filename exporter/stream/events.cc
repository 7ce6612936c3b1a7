#include "exporter/stream/events.h"

#include <utility>

#include "base/number.h"
#include "exporter/stream/json_writer.h"
#include "exporter/stream/parameters.h"

namespace plimsoll::exporter {

namespace {

void write_identity(JsonWriter& json, const inventory::Identity& identity) {
  json.key("id").text(identity.id);
  json.key("name").text(identity.name);
  json.key("display").text(identity.display);
  json.key("runtime").text(name_of(identity.runtime));
  json.key("container").literal(identity.is_container() ? "true" : "false");
  json.key("image").text(identity.image);
}

void write_oom(JsonWriter& json, const OomEvent& oom) {
  if (oom.pid) json.key("pid").signed_number(*oom.pid);
  json.member_text("process", oom.process);
  json.member_text("constraint", oom.constraint);
  json.member_text("limited", oom.limited);
}

Result<EventQuery> parse_types(const http::Request& request) {
  EventQuery query;
  bool any = false;
  for (const auto& [name, value] : request.query) {
    if (name != "type") continue;
    const std::optional<EventType> type = event_type_named(value);
    if (!type)
      return invalid_input("query", "type=" + value + ": give creation, deletion, oom or oom_kill");
    query.types[static_cast<std::size_t>(*type)] = true;
    any = true;
  }
  if (!any) query.types = EventQuery::all_types();
  return query;
}

Result<std::optional<StreamFormat>> parse_format(const http::Request& request) {
  if (const std::string* format = request.parameter("format")) {
    if (*format == "json") return std::nullopt;
    const auto named = stream_format_named(*format);
    if (!named) return invalid_input("query", "format=" + *format + ": give json, ndjson or sse");
    return named;
  }
  const std::string_view accept = request.header("accept");
  if (accept.find("text/event-stream") != std::string_view::npos) return StreamFormat::kSse;
  if (accept.find("application/x-ndjson") != std::string_view::npos) return StreamFormat::kNdjson;
  return std::nullopt;
}

}  // namespace

void append_event(std::string& out, const Event& event) {
  JsonWriter json(out);
  json.begin_object();
  json.key("sequence").number(event.sequence);
  json.key("timestamp").time(event.at);
  json.key("type").text(name_of(event.type));
  json.key("cgroup").text(event.cgroup);
  if (event.identity) write_identity(json, *event.identity);
  if (event.exit_code) json.key("exit_code").signed_number(*event.exit_code);
  if (event.oom) write_oom(json, *event.oom);
  json.end_object();
}

bool EventsRequest::selects(const Event& event) const {
  if (event.identity) return matches(*event.identity, selection);
  inventory::Identity unknown;
  unknown.cgroup = event.cgroup;
  unknown.display = event.cgroup;
  return matches(unknown, selection);
}

Result<EventsRequest> parse_events_request(const http::Request& request, WallTime now) {
  PLIMSOLL_TRY(
      refuse_unknown(request.query, Selects::kContainers, {"type", "since", "limit", "format"}));
  EventsRequest asked;
  asked.query = PLIMSOLL_TRY(parse_types(request));
  asked.selection = PLIMSOLL_TRY(parse_selection(request.query));
  asked.stream = PLIMSOLL_TRY(parse_format(request));
  if (const std::string* since = request.parameter("since")) {
    const Since given = PLIMSOLL_TRY(parse_since(*since, now));
    asked.query.after = given.sequence.value_or(0);
    asked.query.start = given.time;
    asked.replays = true;
  } else if (const auto last = to_number<std::uint64_t>(request.header("last-event-id"))) {
    asked.query.after = *last;
    asked.replays = true;
  }
  if (!asked.stream) asked.query.newest = kDefaultEventLimit;
  if (const std::string* limit = request.parameter("limit")) {
    asked.query.newest = to_number<std::size_t>(*limit);
    if (!asked.query.newest)
      return invalid_input("query", "limit=" + *limit + ": give a number of events");
  }
  return asked;
}

}  // namespace plimsoll::exporter
