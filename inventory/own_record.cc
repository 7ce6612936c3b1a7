#include "inventory/own_record.h"

#include <limits>

#include "inventory/inspect.h"
#include "inventory/json_value.h"
#include "inventory/labels.h"

namespace plimsoll::inventory {

namespace {

Health health_of(std::string_view word) {
  if (word == "healthy") return Health::kHealthy;
  if (word == "unhealthy") return Health::kUnhealthy;
  return word == "starting" ? Health::kStarting : Health::kNone;
}

}  // namespace

Result<OwnRecord> parse_own_record(std::string_view text, Identity identity) {
  const JsonValue json = PLIMSOLL_TRY(parse_json(text));
  if (json.text({"id"}) != identity.id)
    return malformed("record of container \"" + std::string(json.text({"id"}).substr(0, 80)) +
                     "\" instead of " + identity.id);
  OwnRecord record{std::move(identity), {}};
  Identity& own = record.identity;
  if (!json.text({"name"}).empty()) own.name = json.text({"name"});
  own.image = json.text({"image"});
  own.image_id = json.text({"image_id"});
  own.labels = json.string_map({"labels"});
  if (const JsonValue* entries = json.find({"environment"}))
    for (const JsonValue& entry : entries->items()) record.environment.emplace_back(entry.text({}));
  own.created = json.time({"created"});
  own.started = json.time({"started"});
  const auto pid = json.integer({"pid"});
  if (pid && *pid > 0 && *pid <= std::numeric_limits<std::int32_t>::max())
    own.pid = static_cast<std::int32_t>(*pid);
  if (const auto count = json.integer({"restart_count"}); count && *count > 0)
    own.restart_count = static_cast<std::uint64_t>(*count);
  own.health = health_of(json.text({"health"}));
  own.has_health_check = own.health != Health::kNone;
  read_network_mode(json.text({"network"}), own);
  own.upper_dir = json.text({"upper_dir"});
  own.log_path = json.text({"log_path"});
  own.storage_driver = json.text({"storage_driver"});
  read_labels(own);
  return record;
}

}  // namespace plimsoll::inventory
