#include "agent/limit/render.h"

#include <algorithm>
#include <vector>

#include "agent/stats/tabulate.h"
#include "agent/stats/units.h"
#include "base/text.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::agent {
namespace {

constexpr std::string_view kNone = "-";

std::string or_none(std::string_view text) {
  return printable(text.empty() ? kNone : text);
}

std::string knob_name(const ShownKnob& knob) {
  return printable(knob.detail.empty() ? knob.knob : knob.knob + " " + knob.detail);
}

// "9m12s"; whole seconds, since it runs.
std::string lease_text(const ShownKnob& knob, WallTime now) {
  if (!knob.lease_ends) return std::string(kNone);
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(*knob.lease_ends - now);
  if (left.count() <= 0) return "over";
  return go_duration(static_cast<std::uint64_t>(left.count()) * 1'000'000'000);
}

std::string called(const LimitTarget& target) {
  const std::string out = !target.name.empty() ? target.name
                          : !target.id.empty() ? target.id.substr(0, 12)
                                               : target.cgroup;
  return printable(out);
}

std::string about(const LimitTarget& target) {
  std::string out = called(target);
  for (const std::string& part : {target.name.empty() ? std::string() : target.id.substr(0, 12),
                                  target.runtime, target.cgroup, target.manager})
    if (!part.empty() && part != out) out += "  " + printable(part);
  return out;
}

std::string texts_of(const ShownWrite& write) {
  const auto shown = [](const std::string& text) {
    return text.empty() ? "\"\"" : printable(text);
  };
  return shown(write.old_text) + " -> " + shown(write.new_text);
}

std::string write_line(const ShownWrite& write) {
  std::string out = write.predicted_errno.empty() && write.error.empty() ? "  " : "! ";
  out += printable(write.cgroup) + " " + printable(write.file);
  if (!write.key.empty()) out += " " + printable(write.key);
  out += ": " + texts_of(write) + "  # " + printable(write.reason);
  if (!write.predicted_errno.empty()) out += "; the kernel would say " + write.predicted_errno;
  if (!write.hazard.empty()) out += "; " + printable(write.hazard);
  if (!write.result.empty()) out += "  [" + printable(write.result) + "]";
  if (!write.error.empty()) out += " " + printable(write.error);
  return out + "\n";
}

std::string refusal_line(const ShownRefusal& refusal) {
  std::string out = "! " + printable(refusal.cgroup) + " " + printable(refusal.knob);
  if (!refusal.detail.empty()) out += " " + printable(refusal.detail);
  return out + ": refused, " + printable(refusal.reason) + "\n";
}

}  // namespace

std::string render_target(const ShownTarget& shown, WallTime now) {
  std::vector<Cells> lines = {{"KNOB", "NOW", "FOUND BEFORE", "LEASE", "RULE"}};
  for (const ShownKnob& knob : shown.knobs)
    lines.push_back({knob_name(knob), or_none(knob.value), or_none(knob.found.value_or("")),
                     lease_text(knob, now), or_none(knob.rule)});
  return about(shown.target) + "\n" + tabulate(lines);
}

std::string render_targets(std::span<const ShownTarget> all, WallTime now) {
  std::vector<Cells> lines = {{"CONTAINER", "KNOB", "NOW", "FOUND BEFORE", "LEASE", "RULE"}};
  for (const ShownTarget& one : all)
    for (const ShownKnob& knob : one.knobs)
      lines.push_back({called(one.target), knob_name(knob), or_none(knob.value),
                       or_none(knob.found.value_or("")), lease_text(knob, now),
                       or_none(knob.rule)});
  if (lines.size() == 1)
    return "No limit was changed by this engine. 'plimsoll limit show NAME' shows a container's.\n";
  return tabulate(lines);
}

std::string render_change(const ChangeAnswer& answer) {
  std::string out;
  if (!answer.result.empty()) {
    out = called(answer.target) + ": " + printable(answer.result);
    if (answer.change) out += " (change " + std::to_string(*answer.change) + ")";
    if (answer.result == "unchanged") out += ", everything holds already";
    out += "\n";
  }
  for (const ShownWrite& write : answer.writes) out += write_line(write);
  for (const ShownRefusal& refusal : answer.refusals) out += refusal_line(refusal);
  return out;
}

std::string render_history(const HistoryAnswer& answer) {
  std::vector<Cells> lines = {
      {"TIME", "CHANGE", "WHO", "RULE", "CGROUP", "KNOB", "OLD", "NEW", "RESULT"}};
  for (const HistoryRecord& record : answer.records) {
    const std::string result = record.result.empty() ? record.kind : record.result;
    lines.push_back(
        {printable(record.time.substr(0, std::string_view("2026-11-21T08:00:00").size())),
         record.change ? std::to_string(*record.change) : std::string(kNone), or_none(record.who),
         or_none(record.rule), or_none(record.cgroup),
         or_none(record.knob.empty() ? record.file : record.knob), or_none(record.old_text),
         or_none(record.new_text),
         printable(record.kind == "write" || record.detail.empty()
                       ? result
                       : result + ": " + record.detail)});
  }
  return answer.records.empty() ? "Nothing was changed.\n" : tabulate(lines);
}

std::string render_what_if(const ShownTarget& before, const LimitWishes& wishes,
                           std::span<const std::string> outlook) {
  std::vector<Cells> lines = {{"KNOB", "NOW", "THEN"}};
  for (const Asked& one : wishes.asked) {
    const std::string name(limit::name_of(one.knob));
    const auto now = std::ranges::find_if(before.knobs, [&](const ShownKnob& knob) {
      return knob.knob == name && knob.detail == one.detail;
    });
    const bool known = now != before.knobs.end();
    const auto value = limit::parse_setting(
        one.knob, one.detail.empty() ? one.value : one.detail + "=" + one.value);
    std::string then = value ? limit::to_text({one.knob, "", value->value}) : one.value;
    if (wishes.verb == Verb::kUnset) then = "unset";
    if (wishes.verb == Verb::kRestore)
      then = known ? now->found.value_or(now->value) : std::string();
    lines.push_back({one.detail.empty() ? name : name + " " + printable(one.detail),
                     or_none(known ? now->value : ""), or_none(then)});
  }
  std::string out = tabulate(lines);
  if (!outlook.empty()) out += "\n";
  for (const std::string& line : outlook) out += printable(line) + "\n";
  return out;
}

}  // namespace plimsoll::agent
