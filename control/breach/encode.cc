#include "control/breach/encode.h"

#include "base/text.h"
#include "control/breach/json_text.h"
#include "control/breach/units.h"

namespace plimsoll::control {

namespace {

OrderedJson container_json(const inventory::Identity& identity) {
  OrderedJson json = {{"id", valid_text(identity.id)},
                      {"name", valid_text(identity.name)},
                      {"display", valid_text(identity.display)},
                      {"runtime", name_of(identity.runtime)}};
  put_text(json, "image", identity.image);
  put_text(json, "pod", identity.pod_name);
  put_text(json, "namespace", identity.pod_namespace);
  put_text(json, "project", identity.compose_project);
  put_text(json, "service", identity.compose_service);
  return json;
}

std::string sse(std::string_view name, std::uint64_t id, std::string_view data) {
  std::string frame;
  frame.append("event: ").append(name).append("\n");
  if (id != 0) frame.append("id: ").append(std::to_string(id)).append("\n");
  return frame.append("data: ").append(data).append("\n\n");
}

std::string notice(EventFormat format, std::string_view name, const OrderedJson& json) {
  return format == EventFormat::kSse ? sse(name, 0, dumped(json)) : dumped(json) + "\n";
}

bool counts_bytes(const BreachEvent& event) {
  return event.limit.starts_with("memory");
}

std::string amount(const BreachEvent& event, std::uint64_t value) {
  if (counts_bytes(event)) return bytes_text(value);
  if (event.limit == "cpu.max") return std::to_string(value) + "us";
  return std::to_string(value);
}

// ": hog (pid 20144) killed" and so on: what the kind has to say by itself.
std::string what_happened(const BreachEvent& event) {
  std::string text;
  if (event.pid)
    text += ": " + printable(event.process) + " (pid " + std::to_string(*event.pid) + ")";
  if (event.kind == BreachKind::kNearLimit && event.percent)
    text += ": " + std::to_string(*event.percent) + "%";
  else if (event.percent)
    text += ": " + std::to_string(*event.percent) + "% of the time";
  if (event.throttled_periods && event.periods)
    text += ": " + std::to_string(*event.throttled_periods) + " of " +
            std::to_string(*event.periods) + " periods";
  if (event.lost) text += ", " + duration_text(*event.lost) + " lost";
  return text;
}

}  // namespace

std::string to_json(const BreachEvent& event) {
  OrderedJson json = {{"id", event.id},
                      {"kind", name_of(event.kind)},
                      {"time", rfc3339(event.at)},
                      {"cgroup", valid_text(event.cgroup)}};
  if (event.identity) json["container"] = container_json(*event.identity);
  json["count"] = event.count;
  json["source"] = name_of(event.source);
  if (!event.limit.empty()) {
    OrderedJson limit = {{"knob", event.limit}};
    put_number(limit, "value", event.limit_value);
    put_text(limit, "cgroup", event.bound_by);
    put_text(limit, "name", event.bound_by_name);
    json["limit"] = std::move(limit);
  }
  put_number(json, "current", event.current);
  put_number(json, "percent", event.percent);
  if (event.lost) json["lost_seconds"] = std::chrono::duration<double>(*event.lost).count();
  put_number(json, "periods", event.periods);
  put_number(json, "throttled_periods", event.throttled_periods);
  if (event.pid) json["victim"] = {{"pid", *event.pid}, {"process", valid_text(event.process)}};
  put_text(json, "constraint", event.constraint);
  if (event.has_report) json["report"] = "/plimsoll/v1/events/" + std::to_string(event.id);
  return dumped(json);
}

std::string_view content_type(EventFormat format) {
  return format == EventFormat::kSse ? "text/event-stream" : "application/x-ndjson";
}

std::string framed(EventFormat format, const BreachEvent& event) {
  if (format == EventFormat::kSse) return sse(name_of(event.kind), event.id, to_json(event));
  return to_json(event) + "\n";
}

std::string lost_frame(EventFormat format, std::uint64_t lost) {
  return notice(format, "lost", {{"lost", lost}});
}

std::string restarted_frame(EventFormat format) {
  return notice(format, "restarted", {{"restarted", true}});
}

std::string idle_frame(EventFormat format) {
  return format == EventFormat::kSse ? ": idle\n\n" : "\n";
}

std::string to_text(const BreachEvent& event) {
  std::string text = rfc3339(event.at).substr(0, 19) + "Z " + std::string(name_of(event.kind)) +
                     " " + printable(event.identity ? event.identity->display : event.cgroup) +
                     what_happened(event);
  if (!event.limit.empty()) {
    text += "; " + event.limit;
    if (event.limit_value) text += " " + amount(event, *event.limit_value);
    if (event.current) text += ", at " + amount(event, *event.current);
    if (!event.bound_by.empty() && event.bound_by != event.cgroup)
      text += " (of " +
              printable(event.bound_by_name.empty() ? event.bound_by : event.bound_by_name) + ")";
  }
  if (event.count > 1) text += "; " + std::to_string(event.count) + " times";
  return text;
}

}  // namespace plimsoll::control
