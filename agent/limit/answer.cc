#include "agent/limit/answer.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::agent {
namespace {

using nlohmann::json;

constexpr std::size_t kExcerpt = 200;

Failure not_ours(std::string_view body) {
  return malformed("the engine's answer: " + std::string(body.substr(0, kExcerpt)));
}

std::string text_of(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

std::optional<std::string> maybe_text(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

std::optional<std::uint64_t> maybe_number(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number_unsigned()) return std::nullopt;
  return member->get<std::uint64_t>();
}

const json* list_of(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_array() ? &*member : nullptr;
}

LimitTarget target_of(const json& object) {
  return {text_of(object, "id"), text_of(object, "name"), text_of(object, "runtime"),
          text_of(object, "cgroup"), text_of(object, "manager")};
}

// Of cpu.quota: {"cpus":0.25} or {"microseconds":25000}.
std::optional<limit::Value> cpu_time_of(const json& value) {
  using limit::CpuTime;
  if (const auto usec = maybe_number(value, "microseconds"))
    return CpuTime{CpuTime::Unit::kMicroseconds, *usec};
  const auto cpus = value.find("cpus");
  if (cpus == value.end() || !cpus->is_number()) return std::nullopt;
  const double nano = cpus->get<double>() * 1e9;
  if (!(nano >= 0 && nano < 1e18)) return std::nullopt;
  return CpuTime{CpuTime::Unit::kNanoCpus, static_cast<std::uint64_t>(std::llround(nano))};
}

// As people write it; a knob that this program does not know is shown as the file has it.
std::string shown_value(const std::string& knob_name, const json& entry) {
  const auto value = entry.find("value");
  const auto knob = limit::knob_named(knob_name);
  if (value == entry.end() || !knob) return text_of(entry, "text");
  std::optional<limit::Value> read;
  if (value->is_number_unsigned()) read = value->get<std::uint64_t>();
  if (value->is_object()) read = cpu_time_of(*value);
  if (value->is_string()) return value->get<std::string>();
  return read ? limit::to_text({*knob, "", read}) : text_of(entry, "text");
}

// What stood in the file before, in the same words where it is one number.
std::string shown_found(const std::string& knob_name, const std::string& text) {
  const auto knob = limit::knob_named(knob_name);
  const auto number = to_number<std::uint64_t>(text);
  if (!knob) return text;
  const limit::KnobInfo& info = limit::info_of(*knob);
  if (text == "-1" || (number && info.unit == limit::Unit::kBytes && *number >= info.max))
    return "max";
  return number ? limit::to_text({*knob, "", limit::Value(*number)}) : text;
}

ShownKnob knob_of(const json& entry) {
  ShownKnob knob;
  knob.knob = text_of(entry, "knob");
  knob.detail = text_of(entry, "detail");
  knob.value = shown_value(knob.knob, entry);
  knob.number = maybe_number(entry, "value");
  if (const auto found = maybe_text(entry, "found")) knob.found = shown_found(knob.knob, *found);
  if (const auto ends = maybe_text(entry, "lease_ends")) knob.lease_ends = parse_rfc3339(*ends);
  knob.rule = text_of(entry, "rule");
  return knob;
}

Result<ShownTarget> shown_target(const LimitTarget& target, const json* knobs,
                                 std::string_view body) {
  ShownTarget shown{target, {}};
  if (knobs == nullptr || target.cgroup.empty()) return not_ours(body);
  for (const json& entry : *knobs) {
    if (!entry.is_object()) return not_ours(body);
    shown.knobs.push_back(knob_of(entry));
  }
  return shown;
}

ShownWrite write_of(const json& entry) {
  ShownWrite write;
  for (const auto& [name, member] :
       {std::pair{"cgroup", &ShownWrite::cgroup}, std::pair{"file", &ShownWrite::file},
        std::pair{"key", &ShownWrite::key}, std::pair{"old", &ShownWrite::old_text},
        std::pair{"new", &ShownWrite::new_text}, std::pair{"reason", &ShownWrite::reason},
        std::pair{"hazard", &ShownWrite::hazard},
        std::pair{"predicted_errno", &ShownWrite::predicted_errno},
        std::pair{"result", &ShownWrite::result}, std::pair{"read_back", &ShownWrite::read_back},
        std::pair{"error", &ShownWrite::error}})
    write.*member = text_of(entry, name);
  return write;
}

std::optional<ApiFault> fault_of(const json& document) {
  const auto error = document.is_object() ? document.find("error") : document.end();
  if (error == document.end() || !error->is_object()) return std::nullopt;
  return ApiFault{text_of(*error, "kind"), text_of(*error, "message")};
}

HistoryRecord record_of(const json& entry) {
  HistoryRecord record;
  for (const auto& [name, member] :
       {std::pair{"time", &HistoryRecord::time}, std::pair{"kind", &HistoryRecord::kind},
        std::pair{"rule", &HistoryRecord::rule}, std::pair{"cgroup", &HistoryRecord::cgroup},
        std::pair{"knob", &HistoryRecord::knob}, std::pair{"file", &HistoryRecord::file},
        std::pair{"old", &HistoryRecord::old_text}, std::pair{"new", &HistoryRecord::new_text},
        std::pair{"result", &HistoryRecord::result}, std::pair{"detail", &HistoryRecord::detail}})
    record.*member = text_of(entry, name);
  record.change = maybe_number(entry, "change");
  record.who = text_of(entry, "comm");
  if (const auto uid = maybe_number(entry, "uid"))
    record.who = "uid " + std::to_string(*uid) + (record.who.empty() ? "" : " " + record.who);
  return record;
}

Result<json> object_in(std::string_view body) {
  json document = json::parse(body, nullptr, false);
  if (!document.is_object()) return not_ours(body);
  return document;
}

}  // namespace

Result<ShownTarget> decode_target(std::string_view body) {
  const json document = PLIMSOLL_TRY(object_in(body));
  const auto target = document.find("target");
  if (target == document.end() || !target->is_object()) return not_ours(body);
  return shown_target(target_of(*target), list_of(document, "settings"), body);
}

Result<std::vector<ShownTarget>> decode_targets(std::string_view body) {
  const json document = PLIMSOLL_TRY(object_in(body));
  const json* list = list_of(document, "containers");
  if (list == nullptr) return not_ours(body);
  std::vector<ShownTarget> out;
  for (const json& entry : *list) {
    if (!entry.is_object()) return not_ours(body);
    out.push_back(PLIMSOLL_TRY(shown_target(target_of(entry), list_of(entry, "changed"), body)));
  }
  return out;
}

Result<ChangeAnswer> decode_change(std::string_view body) {
  const json document = PLIMSOLL_TRY(object_in(body));
  ChangeAnswer answer;
  answer.result = text_of(document, "result");
  answer.change = maybe_number(document, "change");
  answer.fault = fault_of(document);
  if (const auto target = document.find("target"); target != document.end() && target->is_object())
    answer.target = target_of(*target);
  if (const json* writes = list_of(document, "writes"))
    for (const json& entry : *writes)
      if (entry.is_object()) answer.writes.push_back(write_of(entry));
  if (const json* refusals = list_of(document, "refusals"))
    for (const json& entry : *refusals)
      if (entry.is_object())
        answer.refusals.push_back({text_of(entry, "cgroup"), text_of(entry, "knob"),
                                   text_of(entry, "detail"), text_of(entry, "reason")});
  if (const json* outlook = list_of(document, "outlook"))
    for (const json& line : *outlook)
      if (line.is_string()) answer.outlook.push_back(line.get<std::string>());
  if (answer.result.empty() && !answer.fault) return not_ours(body);
  return answer;
}

Result<HistoryAnswer> decode_history(std::string_view body) {
  const json document = PLIMSOLL_TRY(object_in(body));
  const json* records = list_of(document, "records");
  if (records == nullptr) return not_ours(body);
  HistoryAnswer answer;
  for (const json& entry : *records)
    if (entry.is_object()) answer.records.push_back(record_of(entry));
  answer.broken = text_of(document, "broken");
  return answer;
}

std::optional<ApiFault> decode_fault(std::string_view body) {
  return fault_of(json::parse(body, nullptr, false));
}

std::vector<Current> currents_of(const ShownTarget& shown) {
  std::vector<Current> out;
  for (const ShownKnob& one : shown.knobs) {
    const auto knob = limit::knob_named(one.knob);
    if (!knob) continue;
    const bool limited = one.found || (!one.value.empty() && one.value != "max");
    out.push_back({*knob, one.detail, one.number, limited});
  }
  return out;
}

}  // namespace plimsoll::agent
