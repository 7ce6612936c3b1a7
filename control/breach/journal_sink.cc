// The two ways of systemd's macros (line and file as fields) are not wanted: a program's fields.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/log.h"
#include "base/text.h"
#include "control/breach/encode.h"
#include "control/breach/sink.h"

namespace plimsoll::control {

std::vector<std::string> journal_fields(const BreachEvent& event) {
  std::vector<std::string> fields;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) fields.push_back(std::string(name) + "=" + std::string(value));
  };
  add("MESSAGE", to_text(event));
  add("MESSAGE_ID", kBreachMessageId);
  const bool severe = event.kind == BreachKind::kOom || event.kind == BreachKind::kOomKill;
  add("PRIORITY", severe ? "4" : "5");  // Warning, notice.
  add("SYSLOG_IDENTIFIER", "plimsoll");
  add("PLIMSOLL_EVENT", std::to_string(event.id));
  add("PLIMSOLL_KIND", name_of(event.kind));
  add("PLIMSOLL_CGROUP", event.cgroup);
  if (event.identity) {
    add("CONTAINER_ID_FULL", event.identity->is_container() ? event.identity->id : "");
    add("CONTAINER_NAME", event.identity->is_container() ? event.identity->name : "");
  }
  if (event.pid) add("PLIMSOLL_PID", std::to_string(*event.pid));
  add("PLIMSOLL_PROCESS", event.process);
  add("PLIMSOLL_LIMITED", event.bound_by);
  return fields;
}

Sink::Deliver make_journal_sink() {
  return [](const BreachEvent& event) -> Result<> {
    const std::vector<std::string> fields = journal_fields(event);
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (const std::string& field : fields)
      parts.push_back({.iov_base = const_cast<char*>(field.data()), .iov_len = field.size()});
    // Says nothing when there is no journal; a failure is one of a journal that is there.
    const int sent = ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
    if (sent < 0) log::warn("breach: " + to_text(event));
    return {};
  };
}

}  // namespace plimsoll::control
