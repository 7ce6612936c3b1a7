#include "control/breach/query.h"

#include <algorithm>

#include "base/go_duration.h"
#include "base/number.h"
#include "base/text.h"

namespace plimsoll::control {

namespace {

Result<> parse_since(EventsQuery& query, std::string_view text, WallTime now) {
  const std::string_view number = text.starts_with('#') ? text.substr(1) : text;
  if (const auto id = to_number<std::uint64_t>(number)) {
    query.after = id;
  } else if (const auto age = text.starts_with('-') ? parse_go_duration(text.substr(1))
                                                    : std::optional<std::chrono::nanoseconds>()) {
    query.since = now - *age;
  } else if (const auto time = parse_rfc3339(text)) {
    query.since = time;
  } else {
    return invalid_input("query", "since=" + std::string(text) +
                                      ": give an id (12), an age (-5m) or an RFC 3339 time");
  }
  return {};
}

Result<> parse_kinds(EventsQuery& query, std::string_view text) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const auto kind = breach_kind_named(word);
    if (!kind) {
      std::string known;
      for (const BreachKind each : kBreachKinds) known.append(" ").append(name_of(each));
      return invalid_input("query", "kind=" + std::string(word) + ": one of" + known);
    }
    query.kinds.push_back(*kind);
  }
  return {};
}

Result<std::optional<EventFormat>> stream_of(const http::Request& request) {
  const std::string_view accept = request.header("accept");
  const std::string* format = request.parameter("format");
  const std::string* stream = request.parameter("stream");
  if (stream != nullptr && *stream != "true" && *stream != "false")
    return invalid_input("query", "stream=" + *stream + ": true or false");
  if (format != nullptr && *format != "ndjson" && *format != "sse" && *format != "json")
    return invalid_input("query", "format=" + *format + ": json, ndjson or sse");
  const bool sse = format != nullptr ? *format == "sse"
                                     : accept.find("text/event-stream") != std::string_view::npos;
  const bool ndjson = format != nullptr
                          ? *format == "ndjson"
                          : accept.find("application/x-ndjson") != std::string_view::npos;
  const bool wanted = stream != nullptr ? *stream == "true" : sse || ndjson;
  if (!wanted) return std::optional<EventFormat>();
  return std::optional(sse ? EventFormat::kSse : EventFormat::kNdjson);
}

}  // namespace

Result<EventsQuery> parse_events_query(const http::Request& request, WallTime now) {
  EventsQuery query;
  query.stream = PLIMSOLL_TRY(stream_of(request));
  for (const auto& [name, value] : request.query) {
    if (name == "since") PLIMSOLL_TRY(parse_since(query, value, now));
    if (name == "kind") PLIMSOLL_TRY(parse_kinds(query, value));
    if (name == "ref") query.ref = value;
    if (name != "limit") continue;
    const auto limit = to_number<std::size_t>(value);
    if (!limit) return invalid_input("query", "limit=" + value + ": a number");
    query.limit = *limit;
  }
  // What a browser sends when it comes back; its own address may say an older one.
  if (const auto id = to_number<std::uint64_t>(request.header("last-event-id"))) query.after = id;
  return query;
}

bool matches(const BreachEvent& event, std::string_view ref) {
  constexpr std::string_view kCgroup = "cgroup:";
  if (ref.starts_with(kCgroup)) {
    ref.remove_prefix(kCgroup.size());
    if (ref == "/") return true;
    return event.cgroup == ref ||
           (event.cgroup.starts_with(ref) && event.cgroup[ref.size()] == '/');
  }
  if (!event.identity) return false;
  const inventory::Identity& identity = *event.identity;
  if (ref.starts_with('/')) ref.remove_prefix(1);
  return identity.name == ref || identity.display == ref || identity.id == ref ||
         (ref.size() >= 4 && identity.id.starts_with(ref));
}

bool EventsQuery::accepts(const BreachEvent& event) const {
  if (after && event.id <= *after) return false;
  if (since && event.at < *since) return false;
  if (!kinds.empty() && std::ranges::find(kinds, event.kind) == kinds.end()) return false;
  return ref.empty() || matches(event, ref);
}

}  // namespace plimsoll::control
