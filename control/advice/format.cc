// Advice for programs and for people.
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "control/advice/advise.h"
#include "control/breach/units.h"

namespace plimsoll::control {

namespace {

using Json = nlohmann::ordered_json;

std::string valid(std::string_view text) {
  std::string out;
  append_valid_utf8(out, text);
  return out;
}

double seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

std::string cores(double value) {
  std::array<char, 32> text{};
  const auto [end, error] =
      std::to_chars(text.begin(), text.end(), value, std::chars_format::fixed, 2);
  return error == std::errc() ? std::string(text.data(), end) : std::string("0");
}

std::string current_text(const Proposal& proposal) {
  if (!proposal.current) return "no limit now";
  if (proposal.knob == "memory.max")
    return "now " + bytes_text(static_cast<std::uint64_t>(*proposal.current));
  if (proposal.knob == "cpu.max") return "now " + cores(*proposal.current);
  return "now " + std::to_string(static_cast<std::uint64_t>(*proposal.current));
}

Json advice_json(const Advice& advice) {
  Json json = {{"name", valid(advice.name)},
               {"cgroup", valid(advice.cgroup)},
               {"seen_seconds", seconds(advice.seen)},
               {"samples", advice.samples},
               {"confidence", name_of(advice.confidence)}};
  if (!advice.refusal.empty()) json["refused"] = advice.refusal;
  Json proposals = Json::array();
  for (const Proposal& each : advice.proposals) {
    Json one = {{"knob", each.knob}, {"value", each.value}, {"text", each.text}};
    one["current"] = each.current ? Json(*each.current) : Json(nullptr);
    one["why"] = each.why;
    proposals.push_back(std::move(one));
  }
  json["proposals"] = std::move(proposals);
  return json;
}

}  // namespace

std::string to_json(std::span<const Advice> advice, const Headroom& headroom) {
  Json containers = Json::array();
  for (const Advice& each : advice) containers.push_back(advice_json(each));
  const Json json = {{"containers", std::move(containers)},
                     {"host",
                      {{"memory", headroom.host.memory},
                       {"cores", headroom.host.cores},
                       {"memory_limits", headroom.memory_limits},
                       {"working_sets", headroom.working_sets},
                       {"cpu_limits", headroom.cpu_limits},
                       {"cpu_peaks", headroom.cpu_peaks},
                       {"containers", headroom.containers},
                       {"without_memory_limit", headroom.without_memory_limit},
                       {"without_cpu_limit", headroom.without_cpu_limit},
                       {"notes", headroom.notes}}}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_text(const Advice& advice) {
  std::string text = printable(advice.name) + ": seen for " + duration_text(advice.seen) + " in " +
                     std::to_string(advice.samples) + " samples, confidence " +
                     std::string(name_of(advice.confidence)) + "\n";
  if (!advice.refusal.empty()) return text + "  no advice: " + advice.refusal + "\n";
  for (const Proposal& each : advice.proposals)
    text +=
        "  " + each.knob + " " + each.text + " (" + current_text(each) + "): " + each.why + "\n";
  return text;
}

std::string to_text(const Headroom& headroom) {
  std::string text =
      "Host: " + bytes_text(headroom.host.memory) + " memory, " + cores(headroom.host.cores) +
      " cores; limits of " + std::to_string(headroom.containers) +
      " containers: " + bytes_text(headroom.memory_limits) + ", " + cores(headroom.cpu_limits) +
      " cores; used at most: " + bytes_text(headroom.working_sets) + ", " +
      cores(headroom.cpu_peaks) + " cores\n";
  for (const std::string& note : headroom.notes) text += "  " + note + "\n";
  return text;
}

}  // namespace plimsoll::control
