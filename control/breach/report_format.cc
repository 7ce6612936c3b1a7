// Reports as JSON and for people.
#include "base/text.h"
#include "control/breach/encode.h"
#include "control/breach/json_text.h"
#include "control/breach/report.h"
#include "control/breach/units.h"

namespace plimsoll::control {

namespace {

OrderedJson process_json(const ReportProcess& process) {
  OrderedJson json = {{"pid", process.pid}, {"process", valid_text(process.process)}};
  put_text(json, "command_line", process.command_line);
  json["rss"] = process.rss;
  put_number(json, "anon", process.anon);
  put_number(json, "file", process.file);
  put_number(json, "shmem", process.shmem);
  put_number(json, "page_tables", process.page_tables);
  put_number(json, "swap", process.swap);
  json["oom_score_adj"] = process.oom_score_adj;
  if (process.killed) json["killed"] = true;
  return json;
}

OrderedJson bound_json(const BoundBy& bound) {
  OrderedJson json = OrderedJson::object();
  if (bound.cgroup.empty()) json["host"] = true;
  put_text(json, "cgroup", bound.cgroup);
  put_text(json, "name", bound.name);
  put_number(json, "limit", bound.limit);
  put_number(json, "usage", bound.usage);
  put_number(json, "swap_limit", bound.swap_limit);
  json["is_ancestor"] = bound.is_ancestor;
  return json;
}

double seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

std::string process_line(const ReportProcess& process) {
  std::string line = "  " + std::to_string(process.pid) + "  " + bytes_text(process.rss);
  const auto part = [&](const char* name, const std::optional<std::uint64_t>& value) {
    if (value && *value > 0) line += std::string(" ") + name + " " + bytes_text(*value);
  };
  part("anon", process.anon);
  part("file", process.file);
  part("shmem", process.shmem);
  part("page tables", process.page_tables);
  part("swap", process.swap);
  line += "  " + printable(process.command_line.empty() ? process.process : process.command_line);
  return line + (process.killed ? "  <- killed\n" : "\n");
}

// One character a point, from the lowest to the limit.
std::string sketch(const OomReport& report) {
  constexpr std::string_view kLevels = " .:-=+*#%@";
  std::uint64_t top = report.bound.limit.value_or(0);
  for (const CurvePoint& point : report.curve) top = std::max(top, point.usage);
  if (top == 0) return {};
  std::string line;
  for (const CurvePoint& point : report.curve) {
    const double share = static_cast<double>(point.usage) / static_cast<double>(top);
    line += kLevels[static_cast<std::size_t>(share * static_cast<double>(kLevels.size() - 1))];
  }
  return line;
}

std::string bound_line(const OomReport& report) {
  const BoundBy& bound = report.bound;
  if (bound.cgroup.empty())
    return report.event.constraint == "CONSTRAINT_MEMCG" ? "Limit: not known which\n"
                                                         : "Limit: none; the host ran out\n";
  std::string line = "Limit: ";
  line += bound.limit ? bytes_text(*bound.limit) : "not known";
  line += " of " + printable(bound.cgroup);
  if (!bound.name.empty() && bound.name != bound.cgroup) line += " (" + printable(bound.name) + ")";
  if (bound.is_ancestor) line += ", a group above the container";
  if (bound.usage) line += "; used " + bytes_text(*bound.usage);
  return line + "\n";
}

}  // namespace

std::string to_json(const OomReport& report) {
  OrderedJson json = OrderedJson::parse(to_json(report.event), nullptr, false);
  OrderedJson details = OrderedJson::object();
  if (report.victim) details["victim"] = process_json(*report.victim);
  details["bound_by"] = bound_json(report.bound);
  OrderedJson stat = OrderedJson::object();
  for (const auto& [name, value] : report.stat) stat[valid_text(name)] = value;
  details["memory_stat"] = {{"cgroup", valid_text(report.stat_of)}, {"values", std::move(stat)}};
  if (report.stat_age) details["memory_stat"]["age_seconds"] = seconds(*report.stat_age);
  OrderedJson curve = OrderedJson::array();
  for (const CurvePoint& point : report.curve)
    curve.push_back({{"seconds_before", seconds(report.now - point.at)},
                     {"usage", point.usage},
                     {"working_set", point.working_set}});
  details["curve"] = std::move(curve);
  OrderedJson processes = OrderedJson::array();
  for (const ReportProcess& process : report.processes) processes.push_back(process_json(process));
  details["processes"] = std::move(processes);
  if (report.processes_left_out > 0) details["processes_left_out"] = report.processes_left_out;
  OrderedJson remedies = OrderedJson::array();
  for (const Remedy& remedy : report.remedies) {
    OrderedJson one = {{"what", remedy.what}};
    put_text(one, "cgroup", remedy.cgroup);
    put_number(one, "value", remedy.value);
    one["why"] = valid_text(remedy.why);
    remedies.push_back(std::move(one));
  }
  details["would_have_helped"] = std::move(remedies);
  json["report"] = std::move(details);
  return dumped(json);
}

std::string to_text(const OomReport& report) {
  std::string text = to_text(report.event) + "\n";
  if (report.victim) text += "Killed:\n" + process_line(*report.victim);
  text += bound_line(report);
  if (!report.curve.empty())
    text += "Memory before, oldest first: [" + sketch(report) + "] " +
            bytes_text(report.curve.front().usage) + " -> " +
            bytes_text(report.curve.back().usage) + "\n";
  if (!report.stat.empty()) {
    text += report.stat_age ? "Memory by kind, " + duration_text(*report.stat_age) + " before:\n"
                            : "Memory by kind, at the kill:\n";
    for (const auto& [name, value] : report.stat)
      if (value >= 4096 && !name.starts_with("pg") && !name.starts_with("hierarchical"))
        text += "  " + printable(name) + " " + bytes_text(value) + "\n";
  }
  if (!report.processes.empty()) {
    text += "Processes, largest first:\n";
    for (const ReportProcess& process : report.processes) text += process_line(process);
  }
  if (!report.remedies.empty()) text += "What would have helped:\n";
  for (const Remedy& remedy : report.remedies) {
    text += "  " + remedy.what;
    if (remedy.value) text += " " + bytes_text(*remedy.value);
    text += ": " + printable(remedy.why) + "\n";
  }
  return text;
}

}  // namespace plimsoll::control
