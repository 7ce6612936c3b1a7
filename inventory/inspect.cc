#include "inventory/inspect.h"

#include <limits>
#include <vector>

#include "inventory/labels.h"
#include "inventory/path_facts.h"

namespace plimsoll::inventory {

namespace {

std::vector<std::string> strings_of(const JsonValue* array) {
  std::vector<std::string> texts;
  if (!array) return texts;
  for (const JsonValue& item : array->items()) texts.emplace_back(item.text({}));
  return texts;
}

void assign(std::string& field, std::string_view text) {
  if (!text.empty()) field = text;
}

void read_pid(std::optional<std::int64_t> pid, Identity& identity) {
  identity.pid.reset();
  if (pid && *pid > 0 && *pid <= std::numeric_limits<std::int32_t>::max())
    identity.pid = static_cast<std::int32_t>(*pid);
}

}  // namespace

void read_network_mode(std::string_view mode, Identity& identity) {
  constexpr std::string_view kContainer = "container:";
  identity.network_owner.clear();
  if (mode.starts_with(kContainer)) {
    identity.network = NetworkMode::kContainer;
    identity.network_owner = mode.substr(kContainer.size());
  } else if (mode == "host") {
    identity.network = NetworkMode::kHost;
  } else if (mode == "none") {
    identity.network = NetworkMode::kNone;
  } else if (!mode.empty()) {
    identity.network = NetworkMode::kOwn;
  }
}

void read_health(const JsonValue* health, Identity& identity) {
  const std::string_view status = health ? health->text({"Status"}) : std::string_view();
  identity.has_health_check = !status.empty() && status != "none";
  identity.health = status == "healthy"     ? Health::kHealthy
                    : status == "unhealthy" ? Health::kUnhealthy
                    : status == "starting"  ? Health::kStarting
                                            : Health::kNone;
}

bool says_running(const JsonValue& json) {
  return json.boolean({"State", "Running"}).value_or(true);
}

Result<Identity> read_inspect(const JsonValue& json, Identity identity,
                              std::span<const std::string> environment_prefixes) {
  std::string_view id = json.text({"ID"});  // In the file; the sockets say "Id".
  if (id.empty()) id = json.text({"Id"});
  if (id != identity.id)
    return malformed("description of container \"" + std::string(id.substr(0, 80)) +
                     "\" instead of " + identity.id);
  std::string_view name = json.text({"Name"});
  if (name.starts_with('/')) name.remove_prefix(1);
  assign(identity.name, name);
  assign(identity.image, json.text({"Config", "Image"}));
  assign(identity.image, json.text({"ImageName"}));  // podman
  assign(identity.image_id, json.text({"Image"}));
  identity.labels = json.string_map({"Config", "Labels"});
  identity.environment =
      allowed_environment(strings_of(json.find({"Config", "Env"})), environment_prefixes);
  identity.created = json.time({"Created"});
  identity.started = json.time({"State", "StartedAt"});
  read_pid(json.integer({"State", "Pid"}), identity);
  identity.restart_count = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, json.integer({"RestartCount"}).value_or(0)));
  read_health(json.find({"State", "Health"}), identity);
  read_network_mode(json.text({"HostConfig", "NetworkMode"}), identity);
  assign(identity.log_path, json.text({"LogPath"}));
  assign(identity.log_path, json.text({"HostConfig", "LogConfig", "Path"}));  // podman
  assign(identity.storage_driver, json.text({"Driver"}));
  assign(identity.upper_dir, json.text({"GraphDriver", "Data", "UpperDir"}));
  if (json.boolean({"IsInfra"}).value_or(false)) identity.sandbox = true;
  read_labels(identity);
  identity.metadata = Metadata::kComplete;
  set_display(identity);
  return identity;
}

Result<Identity> read_crio_answer(const JsonValue& json, Identity identity) {
  assign(identity.name, json.text({"name"}));
  if (json.text({"name"}).empty()) return malformed("answer without a container name");
  assign(identity.image, json.text({"image"}));
  assign(identity.log_path, json.text({"log_path"}));
  identity.labels = json.string_map({"labels"});
  read_pid(json.integer({"pid"}), identity);
  if (const auto created = json.integer({"created_time"}); created && *created > 0)
    identity.created = WallTime(std::chrono::nanoseconds(*created));
  const std::string_view sandbox = json.text({"sandbox"});
  if (!sandbox.empty() && sandbox != identity.id) {
    identity.network = NetworkMode::kContainer;
    identity.network_owner = sandbox;
  }
  read_labels(identity);
  identity.metadata = Metadata::kComplete;
  set_display(identity);
  return identity;
}

}  // namespace plimsoll::inventory
