#include "control/api/encode.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <variant>

#include "base/text.h"

namespace plimsoll::control {
namespace {

using json = nlohmann::ordered_json;

// Control files and command names may hold any bytes.
std::string dump(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string_view unit_name(limit::Unit unit) {
  using limit::Unit;
  switch (unit) {
    case Unit::kBytes:
      return "bytes";
    case Unit::kBytesPerSecond:
      return "bytes/s";
    case Unit::kMicroseconds:
      return "microseconds";
    case Unit::kCpuTime:
      return "cpus";
    case Unit::kSwitch:
      return "switch";
    case Unit::kIds:
      return "list";
    case Unit::kKeys:
      return "keys";
    case Unit::kPercentOfHundred:
      return "percent";
    case Unit::kNumber:
    case Unit::kCount:
      break;
  }
  return "";
}

json value_json(const limit::Value& value) {
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  if (const auto* time = std::get_if<limit::CpuTime>(&value)) {
    if (time->unit == limit::CpuTime::Unit::kMicroseconds)
      return json{{"microseconds", time->amount}};
    return json{{"cpus", static_cast<double>(time->amount) / 1e9}};
  }
  if (const auto* ids = std::get_if<limit::IdSet>(&value)) return ids->text();
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "max";
}

json target_json(const Target& target) {
  return {{"id", target.id},
          {"name", target.name},
          {"runtime", target.runtime},
          {"cgroup", target.cgroup},
          {"manager", target.manager}};
}

json knob_json(const KnobState& knob) {
  json out{{"knob", limit::name_of(knob.setting.knob)}, {"detail", knob.setting.detail}};
  if (knob.setting.value) out["value"] = value_json(*knob.setting.value);
  out["unit"] = unit_name(limit::info_of(knob.setting.knob).unit);
  out["text"] = knob.text;
  out["file"] = knob.file;
  if (knob.found) out["found"] = *knob.found;
  if (knob.lease_ends) out["lease_ends"] = rfc3339(*knob.lease_ends);
  if (!knob.rule.empty()) out["rule"] = knob.rule;
  return out;
}

json knobs_json(const std::vector<KnobState>& knobs) {
  json out = json::array();
  for (const KnobState& knob : knobs) out.push_back(knob_json(knob));
  return out;
}

json write_json(const limit::Write& write, const limit::WriteOutcome* outcome) {
  json out{{"cgroup", write.at.cgroup}, {"file", write.file},    {"key", write.key},
           {"old", write.old_text},     {"new", write.new_text}, {"reason", write.reason}};
  if (!write.hazard.empty()) out["hazard"] = write.hazard;
  if (write.predicted_errno != 0)
    if (const char* const name = ::strerrorname_np(write.predicted_errno))
      out["predicted_errno"] = name;
  if (outcome == nullptr) return out;
  out["result"] = limit::name_of(outcome->state);
  if (!outcome->read_back.empty()) out["read_back"] = outcome->read_back;
  if (outcome->error) out["error"] = outcome->error->message();
  if (outcome->undo_error) out["undo_error"] = outcome->undo_error->message();
  return out;
}

json fault_json(const Fault& fault) {
  return {{"kind", name_of(fault.problem)}, {"message", fault.message}};
}

std::string_view name_of(ChangeReport::Result result) {
  switch (result) {
    case ChangeReport::Result::kPlanned:
      return "planned";
    case ChangeReport::Result::kDone:
      return "done";
    case ChangeReport::Result::kUnchanged:
      return "unchanged";
    case ChangeReport::Result::kNotDone:
      break;
  }
  return "not done";
}

}  // namespace

int status_of(Problem problem) {
  switch (problem) {
    case Problem::kInvalidInput:
      return 400;
    case Problem::kNotFound:
      return 404;
    case Problem::kAmbiguous:
    case Problem::kBusy:
      return 409;
    case Problem::kRefused:
      return 422;
    case Problem::kForbidden:
      return 403;
    case Problem::kUnavailable:
      return 503;
    case Problem::kFailed:
      break;
  }
  return 500;
}

int status_of(const ChangeReport& report) {
  return report.fault ? status_of(report.fault->problem) : 200;
}

std::string encode(const Fault& fault) {
  return dump({{"error", fault_json(fault)}});
}

std::string encode(const Shown& shown) {
  return dump({{"target", target_json(shown.target)}, {"settings", knobs_json(shown.settings)}});
}

std::string encode(const std::vector<Shown>& changed) {
  json containers = json::array();
  for (const Shown& one : changed) {
    json container = target_json(one.target);
    container["changed"] = knobs_json(one.settings);
    containers.push_back(std::move(container));
  }
  return dump({{"containers", std::move(containers)}});
}

// The records are JSON already, and stay as they are: their hashes are about their bytes.
std::string encode(const History& history) {
  std::string out = "{\"records\":[";
  for (std::size_t i = 0; i < history.records.size(); ++i)
    out.append(i == 0 ? "" : ",").append(history.records[i]);
  out +=
      "],\"broken\":" + json(history.broken).dump(-1, ' ', false, json::error_handler_t::replace) +
      "}\n";
  return out;
}

std::string encode(const ChangeReport& report) {
  json out;
  if (report.fault) out["error"] = fault_json(*report.fault);
  if (!report.fault) out["result"] = name_of(report.result);
  if (report.change != 0) out["change"] = report.change;
  out["target"] = target_json(report.target);
  out["writes"] = json::array();
  for (std::size_t i = 0; i < report.plan.writes.size(); ++i) {
    const bool known = report.applied && i < report.applied->writes.size();
    out["writes"].push_back(
        write_json(report.plan.writes[i], known ? &report.applied->writes[i] : nullptr));
  }
  out["refusals"] = json::array();
  for (const limit::Refusal& refusal : report.plan.refusals)
    out["refusals"].push_back({{"cgroup", refusal.cgroup},
                               {"knob", limit::name_of(refusal.knob)},
                               {"detail", refusal.detail},
                               {"reason", refusal.reason}});
  if (!report.outlook.empty()) out["outlook"] = report.outlook;
  return dump(out);
}

std::string encode(const EngineInfo& info) {
  return dump({{"version", info.version},
               {"cgroup", info.cgroup},
               {"state_dir", info.state_dir},
               {"role", info.role},
               {"recovery",
                {{"changes", info.recovery.changes},
                 {"undone", info.recovery.undone},
                 {"foreign", info.recovery.foreign},
                 {"gone", info.recovery.gone},
                 {"stuck", info.recovery.stuck}}},
               {"uptime_seconds", std::chrono::duration<double>(info.uptime).count()}});
}

}  // namespace plimsoll::control
