// Bodies and event queries.
#include <algorithm>
#include <utility>

#include "base/number.h"
#include "base/text.h"
#include "exporter/cadvisor/request.h"
#include "inventory/json_value.h"

namespace plimsoll::exporter {

namespace {

using inventory::JsonValue;

// Go's time.Time{}, which its client sends for "not given".
constexpr std::string_view kGoZeroTime = "0001-01-01T00:00:00Z";

Failure bad_body(const std::string& why) {
  return invalid_input("api", "unable to decode the json value: " + why);
}

Result<std::optional<WallTime>> time_member(const JsonValue& body, std::string_view key) {
  const JsonValue* member = body.find({key});
  if (member == nullptr) return std::nullopt;
  const std::string_view text = body.text({key});
  if (text == kGoZeroTime) return std::nullopt;
  const std::optional<WallTime> time = parse_rfc3339(text);
  if (!time) return bad_body(std::string(key) + ": give an RFC 3339 time");
  return time;
}

// strconv.ParseBool.
std::optional<bool> go_bool(std::string_view text) {
  for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"})
    if (text == word) return true;
  for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"})
    if (text == word) return false;
  return std::nullopt;
}

// Reads parameters of one query; the first of a name counts.
class EventParameters {
 public:
  EventParameters(Parameters query, ApiCompat compat) : query_(query), compat_(compat) {}

  template <class Parse>
  auto read(std::string_view name, std::string_view wanted, Parse parse)
      -> Result<decltype(parse(std::string_view()))> {
    const auto found = std::ranges::find_if(query_, [&](const auto& p) { return p.first == name; });
    if (found == query_.end()) return std::nullopt;
    auto value = parse(std::string_view(found->second));
    if (!value && compat_ == ApiCompat::kFixed)
      return invalid_input(
          "api", std::string(name) + "=" + found->second + ": give " + std::string(wanted));
    return value;
  }
  Result<std::optional<bool>> flag(std::string_view name) {
    return read(name, "true or false", go_bool);
  }

 private:
  Parameters query_;
  ApiCompat compat_;
};

constexpr std::pair<std::string_view, EventType> kTypeParameters[] = {
    {"oom_events", EventType::kOom},
    {"oom_kill_events", EventType::kOomKill},
    {"creation_events", EventType::kCreation},
    {"deletion_events", EventType::kDeletion}};

}  // namespace

Result<ApiInfoRequest> parse_info_request(std::string_view body) {
  ApiInfoRequest request;
  if (trim(body).empty() || trim(body) == "null") return request;
  constexpr inventory::JsonLimits kLimits{
      .bytes = std::size_t{64} << 10, .depth = 8, .values = 1000};
  const Result<JsonValue> json = inventory::parse_json(body, kLimits);
  if (!json) return bad_body(json.error().subject);
  if (!json->is_object()) return bad_body("give an object: num_stats, start, end");
  if (json->find({"num_stats"}) != nullptr) {
    const auto number = json->integer({"num_stats"});
    if (!number || *number < -1) return bad_body("num_stats: give a number, or -1 for all");
    request.num_stats =
        *number < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(*number));
  }
  request.start = PLIMSOLL_TRY(time_member(*json, "start"));
  request.end = PLIMSOLL_TRY(time_member(*json, "end"));
  return request;
}

bool ApiEventRequest::concerns(const Event& event) const {
  if (!query.in_range(event)) return false;
  if (!subcontainers) return event.cgroup == container;
  return container == "/" || event.cgroup == container || event.cgroup.starts_with(container + "/");
}

Result<ApiEventRequest> parse_event_request(std::string container, Parameters query,
                                            ApiCompat compat) {
  ApiEventRequest request;
  request.container = std::move(container);
  EventParameters parameters(query, compat);
  request.stream = PLIMSOLL_TRY(parameters.flag("stream")).value_or(false);
  request.subcontainers = PLIMSOLL_TRY(parameters.flag("subcontainers")).value_or(false);
  const bool all = PLIMSOLL_TRY(parameters.flag("all_events")).value_or(false);
  for (const auto& [name, type] : kTypeParameters) {
    const std::optional<bool> wanted = PLIMSOLL_TRY(parameters.flag(name));
    request.query.types[static_cast<std::size_t>(type)] = all || wanted.value_or(false);
  }
  const std::optional<std::int64_t> newest =
      PLIMSOLL_TRY(parameters.read("max_events", "a number", [](std::string_view text) {
        return to_number<std::int64_t>(text);
      }));
  request.query.newest = 10;
  if (newest)
    request.query.newest =
        *newest < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(*newest));
  request.query.start =
      PLIMSOLL_TRY(parameters.read("start_time", "an RFC 3339 time", parse_rfc3339));
  request.query.end = PLIMSOLL_TRY(parameters.read("end_time", "an RFC 3339 time", parse_rfc3339));
  if (request.stream && (request.query.start || request.query.end))
    return invalid_input(
        "api", "for a call to watch, request.StartTime and request.EndTime must be uninitialized");
  return request;
}

}  // namespace plimsoll::exporter
