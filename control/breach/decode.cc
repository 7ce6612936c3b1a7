#include <utility>

#include "base/text.h"
#include "control/breach/encode.h"
#include "control/breach/json_text.h"

namespace plimsoll::control {

namespace {

std::string text_at(const OrderedJson& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_string() ? value->get<std::string>() : std::string();
}

// Whole numbers must be of T's range: JSON's may be anything.
template <class T>
std::optional<T> number_at(const OrderedJson& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_number()) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    return value->get<T>();
  } else {
    if (value->is_number_unsigned() && std::in_range<T>(value->get<std::uint64_t>()))
      return static_cast<T>(value->get<std::uint64_t>());
    if (value->is_number_integer() && std::in_range<T>(value->get<std::int64_t>()))
      return static_cast<T>(value->get<std::int64_t>());
    return std::nullopt;
  }
}

// An empty object where there is none.
const OrderedJson& object_at(const OrderedJson& object, const char* key) {
  static const OrderedJson kNone = OrderedJson::object();
  const auto value = object.find(key);
  return value != object.end() && value->is_object() ? *value : kNone;
}

std::shared_ptr<inventory::Identity> identity_of(const OrderedJson& json) {
  auto identity = std::make_shared<inventory::Identity>();
  identity->id = text_at(json, "id");
  identity->name = text_at(json, "name");
  identity->display = text_at(json, "display");
  identity->image = text_at(json, "image");
  return identity;
}

void read_numbers(const OrderedJson& json, BreachEvent& event) {
  event.count = number_at<std::uint64_t>(json, "count").value_or(1);
  event.current = number_at<std::uint64_t>(json, "current");
  event.percent = number_at<std::uint64_t>(json, "percent");
  event.periods = number_at<std::uint64_t>(json, "periods");
  event.throttled_periods = number_at<std::uint64_t>(json, "throttled_periods");
  const auto lost = number_at<double>(json, "lost_seconds");
  // A century: what is more was not written by us, and would not fit.
  if (lost && *lost >= 0 && *lost < 3.2e9)
    event.lost =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(*lost));
  const OrderedJson& limit = object_at(json, "limit");
  event.limit = text_at(limit, "knob");
  event.limit_value = number_at<std::uint64_t>(limit, "value");
  event.bound_by = text_at(limit, "cgroup");
  event.bound_by_name = text_at(limit, "name");
  const OrderedJson& victim = object_at(json, "victim");
  event.pid = number_at<std::int32_t>(victim, "pid");
  event.process = text_at(victim, "process");
  event.constraint = text_at(json, "constraint");
  event.has_report = json.contains("report");
}

}  // namespace

Result<ReadEvent> parse_event(std::string_view text) {
  const OrderedJson json = OrderedJson::parse(text, nullptr, false);
  if (!json.is_object()) return malformed(text);
  ReadEvent read;
  read.restarted = json.contains("restarted");
  const auto id = number_at<std::uint64_t>(json, "id");
  if (!id) {
    read.lost = number_at<std::uint64_t>(json, "lost").value_or(0);
    if (read.lost == 0 && !read.restarted) return malformed(text);
    return read;
  }
  const auto kind = breach_kind_named(text_at(json, "kind"));
  const auto time = parse_rfc3339(text_at(json, "time"));
  if (!kind || !time) return malformed(text);
  BreachEvent event;
  event.id = *id;
  event.kind = *kind;
  event.at = *time;
  event.cgroup = text_at(json, "cgroup");
  read_numbers(json, event);
  if (json.contains("container")) {
    auto identity = identity_of(object_at(json, "container"));
    read.name = identity->display;
    event.identity = std::move(identity);
  }
  read.event = std::move(event);
  return read;
}

}  // namespace plimsoll::control
