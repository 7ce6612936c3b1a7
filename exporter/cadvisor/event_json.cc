#include "exporter/cadvisor/event_json.h"

#include "exporter/cadvisor/go_json.h"

namespace plimsoll::exporter {

namespace {

std::string_view api_name_of(EventType type) {
  switch (type) {
    case EventType::kCreation:
      return "containerCreation";
    case EventType::kDeletion:
      return "containerDeletion";
    case EventType::kOom:
      return "oom";
    case EventType::kOomKill:
      return "oomKill";
  }
  return "";
}

}  // namespace

void append_api_event(std::string& out, const Event& event) {
  GoJson json(out);
  json.begin_object();
  json.text("container_name", event.cgroup);
  json.time("timestamp", event.at);
  json.text("event_type", api_name_of(event.type));
  json.begin_object("event_data");
  if (event.type == EventType::kOomKill && event.oom) {
    json.begin_object("oom");
    json.signed_number("pid", event.oom->pid.value_or(0));
    json.text("process_name", event.oom->process);
    json.text("constraint", event.oom->constraint);
    json.end_object();
  }
  if (event.type == EventType::kDeletion) {
    json.begin_object("container_deletion");
    json.signed_number("exit_code", event.exit_code.value_or(-1));
    json.end_object();
  }
  json.end_object();
  json.end_object();
}

}  // namespace plimsoll::exporter
