#include "base/clock.h"
#include "base/fill_in.h"
#include "base/text.h"
#include "runtime/lifecycle/container.h"
#include "runtime/lifecycle/inner.h"

namespace plimsoll::runtime {

Result<Host> open_host(const std::string& path, CgroupManager manager) {
  // A reboot ends every container there is: nothing need survive one.
  return Host{PLIMSOLL_TRY(state::Store::open(path, state::Durability::kProcess)), manager};
}

const char* name_of(Status status) {
  switch (status) {
    case Status::kCreating:
      return "creating";
    case Status::kCreated:
      return "created";
    case Status::kRunning:
      return "running";
    case Status::kPaused:
      return "paused";
    case Status::kStopped:
      return "stopped";
  }
  return "stopped";
}

Result<View> look(const Host& host, const std::string& id) {
  Opened opened = PLIMSOLL_TRY(open_container(host, id));
  View view;
  view.record = std::move(opened.record);
  view.status = opened.status;
  return view;
}

Result<Listing> look_at_all(const Host& host) {
  Listing listing;
  const std::vector<std::string> ids = PLIMSOLL_TRY(host.store.list());
  for (const std::string& id : ids) {
    Result<View> view = look(host, id);
    if (view) {
      listing.views.push_back(*std::move(view));
    } else if (view.error().kind != ErrorKind::kGone) {
      listing.errors.push_back(std::move(view).error());
    }
  }
  return listing;
}

namespace {

std::string annotations_text(const View& view, std::string_view indent) {
  std::string text;
  for (const auto& [key, value] : view.record.annotations) {
    if (!text.empty()) text += ",";
    text += indent;
    text += quoted(key) + (indent.empty() ? ":" : ": ") + quoted(value);
  }
  return text;
}

}  // namespace

std::string state_text(const View& view) {
  const state::Record& record = view.record;
  const bool stopped = view.status == Status::kStopped;
  std::string text = fill_in(
      "{\n  \"ociVersion\": {},\n  \"id\": {},\n  \"pid\": {},\n  \"status\": \"{}\",\n"
      "  \"bundle\": {},\n  \"rootfs\": {},\n  \"created\": \"{}\"",
      quoted(record.oci_version), quoted(record.id), stopped ? 0 : record.init.pid,
      name_of(view.status), quoted(record.bundle), quoted(record.rootfs),
      rfc3339(WallTime(std::chrono::nanoseconds(record.created))));
  if (!view.record.annotations.empty())
    text += fill_in(",\n  \"annotations\": {{}\n  }", annotations_text(view, "\n    "));
  return text + ",\n  \"owner\": \"\"\n}";
}

std::string hook_state_text(const View& view, Status status, pid_t pid) {
  const state::Record& record = view.record;
  std::string text = "{\"ociVersion\":" + quoted(record.oci_version) +
                     ",\"id\":" + quoted(record.id) + ",\"status\":\"" + name_of(status) + "\"";
  if (pid > 0) text += ",\"pid\":" + std::to_string(pid);
  text += ",\"bundle\":" + quoted(record.bundle);
  if (!view.record.annotations.empty())
    text += ",\"annotations\":{" + annotations_text(view, "") + "}";
  return text + "}";
}

}  // namespace plimsoll::runtime
