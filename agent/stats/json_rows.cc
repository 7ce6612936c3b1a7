#include "agent/stats/json_rows.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "agent/stats/fields.h"
#include "agent/stats/row_numbers.h"
#include "base/text.h"

namespace plimsoll::agent {

namespace {

using Json = nlohmann::json;

// The member at "a.b.c", or null; never throws.
const Json* at_path(const Json& object, std::string_view path) {
  const Json* here = &object;
  while (!path.empty()) {
    const std::string_view key = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), key.size() + 1));
    if (!here->is_object()) return nullptr;
    const auto member = here->find(key);
    if (member == here->end()) return nullptr;
    here = &*member;
  }
  return here;
}

std::string text_at(const Json& object, std::string_view path) {
  const Json* member = at_path(object, path);
  return member != nullptr && member->is_string() ? member->get_ref<const std::string&>()
                                                  : std::string();
}

bool true_at(const Json& object, std::string_view path) {
  const Json* member = at_path(object, path);
  return member != nullptr && member->is_boolean() && member->get<bool>();
}

std::optional<double> real_at(const Json& object, std::string_view path) {
  const Json* member = at_path(object, path);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  return member->get<double>();
}

std::optional<WallTime> time_at(const Json& object, std::string_view path) {
  return parse_rfc3339(text_at(object, path));
}

// A field of the table; null is "unlimited", seconds become nanoseconds again.
std::optional<Limit<std::uint64_t>> field_at(const Json& container, cgroupfs::Field field) {
  const cgroupfs::FieldInfo& info = cgroupfs::info(field);
  const Json* member = at_path(container, info.path);
  if (member == nullptr) return std::nullopt;
  if (member->is_null()) return Limit<std::uint64_t>::none();
  if (member->is_number_unsigned() && info.unit != cgroupfs::Unit::kNanoseconds)
    return Limit<std::uint64_t>(member->get<std::uint64_t>());
  if (!member->is_number()) return std::nullopt;
  const double scale = info.unit == cgroupfs::Unit::kNanoseconds ? 1e9 : 1;
  const double value = member->get<double>() * scale;
  if (!(value >= 0) || value > 9e18) return std::nullopt;  // Also a NaN of nobody's making.
  return Limit<std::uint64_t>(static_cast<std::uint64_t>(std::llround(value)));
}

StatsRow row_of(const Json& container, std::optional<std::uint64_t> machine_memory) {
  StatsRow row;
  row.id = text_at(container, "id");
  row.name = text_at(container, "display");
  if (row.name.empty()) row.name = text_at(container, "name");
  row.runtime = text_at(container, "runtime");
  row.image = text_at(container, "image");
  row.cgroup = text_at(container, "cgroup");
  row.container = short_id(row.id);
  row.compose_project = text_at(container, "compose.project");
  row.compose_service = text_at(container, "compose.service");
  row.pod_name = text_at(container, "pod.name");
  row.pod_namespace = text_at(container, "pod.namespace");
  row.pod_container = text_at(container, "pod.container");
  if (const Json* labels = at_path(container, "labels"); labels != nullptr && labels->is_object())
    for (const auto& [key, value] : labels->items())
      if (value.is_string()) row.labels.emplace_back(key, value.get_ref<const std::string&>());
  row.is_container = true_at(container, "container");
  row.sandbox = true_at(container, "pod.sandbox");
  row.created = time_at(container, "created");
  row.started = time_at(container, "started");
  row.machine_memory = machine_memory;
  row.cpu_cores = real_at(container, "rates.cpu_cores");
  row.throttled = real_at(container, "rates.throttled_ratio");
  row.psi_cpu = real_at(container, "rates.psi_cpu_some");
  row.psi_memory = real_at(container, "rates.psi_memory_full");
  row.psi_io = real_at(container, "rates.psi_io_full");
  return with_numbers(std::move(row),
                      {.limit = [&](cgroupfs::Field field) { return field_at(container, field); }});
}

}  // namespace

Result<std::optional<StatsFrame>> parse_frame(std::string_view json) {
  constexpr std::size_t kQuoted = 80;  // Enough to recognise what came instead.
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return malformed(json.substr(0, kQuoted));
  const Json* containers = at_path(document, "containers");
  if (containers == nullptr) return std::optional<StatsFrame>();
  const auto time = time_at(document, "timestamp");
  if (!containers->is_array() || !time) return malformed(json.substr(0, kQuoted));
  std::optional<std::uint64_t> memory;
  if (const Json* member = at_path(document, "machine.memory");
      member != nullptr && member->is_number_unsigned())
    memory = member->get<std::uint64_t>();
  StatsFrame frame;
  frame.time = *time;
  for (const Json& container : *containers)
    if (container.is_object()) frame.rows.push_back(row_of(container, memory));
  return std::optional(std::move(frame));
}

}  // namespace plimsoll::agent
